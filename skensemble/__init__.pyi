# Written by `make format` from _front_door.py.
from skensemble._warmup import warm_up as warm_up
from skensemble.ensemble.adaboost._adaboost import AdaBoostClassifier as AdaBoostClassifier
from skensemble.ensemble.adaboost._adaboost import AdaBoostRegressor as AdaBoostRegressor
from skensemble.ensemble.forest._random_forest import ExtraTreesClassifier as ExtraTreesClassifier
from skensemble.ensemble.forest._random_forest import ExtraTreesRegressor as ExtraTreesRegressor
from skensemble.ensemble.forest._random_forest import RandomForestClassifier as RandomForestClassifier
from skensemble.ensemble.forest._random_forest import RandomForestRegressor as RandomForestRegressor
from skensemble.ensemble.gradient._gradient_boosting import GradientBoostingClassifier as GradientBoostingClassifier
from skensemble.ensemble.gradient._gradient_boosting import GradientBoostingRegressor as GradientBoostingRegressor
from skensemble.ensemble.newton._newton_boosting import NewtonBoostingClassifier as NewtonBoostingClassifier
from skensemble.ensemble.newton._newton_boosting import NewtonBoostingRegressor as NewtonBoostingRegressor
from skensemble.ensemble.newton._newton_ranker import NewtonBoostingRanker as NewtonBoostingRanker
from skensemble.generative._outlier_detector import DensityOutlierDetector as DensityOutlierDetector
from skensemble.generative.diffusion._diffusion import DDPM as DDPM
from skensemble.generative.diffusion._diffusion import ScoreSDE as ScoreSDE
from skensemble.generative.diffusion._flow_matching import FlowMatching as FlowMatching
from skensemble.generative.diffusion._flow_matching import RectifiedFlow as RectifiedFlow
from skensemble.generative.flows._continuous_flow import ContinuousNormalizingFlow as ContinuousNormalizingFlow
from skensemble.generative.flows._normalizing_flows import NICE as NICE
from skensemble.generative.flows._normalizing_flows import Glow as Glow
from skensemble.generative.flows._normalizing_flows import MaskedAutoregressiveFlow as MaskedAutoregressiveFlow
from skensemble.generative.flows._normalizing_flows import NeuralSplineFlow as NeuralSplineFlow
from skensemble.generative.flows._normalizing_flows import RealNVP as RealNVP
from skensemble.inspection import explain as explain
from skensemble.inspection import export_graphviz as export_graphviz
from skensemble.inspection import export_text as export_text
from skensemble.inspection import plot_tree as plot_tree
from skensemble.inspection import trees_to_dataframe as trees_to_dataframe
from skensemble.model_files._model_file import load_model as load_model
from skensemble.model_files._model_file import save_model as save_model
from skensemble.tree.estimators._decision_tree import DecisionTreeClassifier as DecisionTreeClassifier
from skensemble.tree.estimators._decision_tree import DecisionTreeRegressor as DecisionTreeRegressor
from skensemble.tree.estimators._decision_tree import ExtraTreeClassifier as ExtraTreeClassifier
from skensemble.tree.estimators._decision_tree import ExtraTreeRegressor as ExtraTreeRegressor

__version__: str
