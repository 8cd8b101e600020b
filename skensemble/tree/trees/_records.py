"""Records of nodes, trees and lines of leaves: what kernels of predictions read together lies side by side."""

import numpy as np

NODE = np.dtype([("threshold", "f8"), ("column", "i4"), ("child", "i4")])
TREE = np.dtype([("root", "i4"), ("depth", "i4"), ("output", "i4"), ("padding", "i4")])  # whole words
LINE = np.dtype([("start", "i4"), ("stop", "i4"), ("limit", "f8")])
TERM = np.dtype([("mean", "f8"), ("slope", "f8"), ("feature", "i8")])
