"""The checkpoint of a model of treelite from a sum of trees."""

LARGEST_NUMBER = 1 << 16  # of a category that is its own number
POSTPROCESSORS = {"identity": "identity", "log": "exponential", "logit": "sigmoid", "softmax": "softmax"}  # by link


def treelite_checkpoint(parts):
    """The bytes of the file; a ValueError names what treelite cannot hold.

    parts : ScalarTrees
    """
    parts.refuse_lines("treelite")
    parts.check_response("treelite", POSTPROCESSORS)
    numbers = parts.numbers_of_levels("treelite", LARGEST_NUMBER)
    try:
        from treelite import model_builder
    except ImportError:
        raise ImportError("to='treelite' needs the package treelite: pip install skensemble[treelite].") from None
    parts = parts.divided()
    trees, n_outputs = parts.trees, parts.n_outputs
    is_multiclass = parts.classes is not None and parts.link != "logit"
    task = "kMultiClf" if is_multiclass else "kRegressor" if parts.classes is None else "kBinaryClf"
    outputs, zeros = [tree.output for tree in trees], [0] * len(trees)
    builder = model_builder.ModelBuilder(
        threshold_type="float64",
        leaf_output_type="float64",
        metadata=model_builder.Metadata(
            num_feature=parts.n_features,
            task_type=task,
            average_tree_output=False,
            num_target=1 if is_multiclass else n_outputs,
            num_class=[n_outputs] if is_multiclass else [1] * n_outputs,
            leaf_vector_shape=(1, 1),
        ),
        tree_annotation=model_builder.TreeAnnotation(
            num_tree=len(trees),
            target_id=zeros if is_multiclass else outputs,
            class_id=outputs if is_multiclass else zeros,
        ),
        postprocessor=model_builder.PostProcessorFunc(
            "identity_multiclass" if is_multiclass and parts.link == "identity" else POSTPROCESSORS[parts.link]
        ),
        base_scores=parts.baseline.tolist(),
    )
    for tree in trees:
        _add_tree(builder, tree, numbers)
    return builder.commit().serialize_bytes()


def _add_tree(builder, tree, numbers):
    builder.start_tree()
    for node in range(len(tree.left)):
        builder.start_node(node)
        children = {"left_child_key": int(tree.left[node]), "right_child_key": int(tree.right[node])}
        if tree.left[node] < 0:
            builder.leaf(float(tree.value[node]))
        elif node in tree.sets:
            levels = tree.sets[node]
            listed = numbers[int(tree.feature[node])][
                levels.goes_left != levels.unseen_left
            ]  # others go with unseen ones
            builder.categorical_test(
                int(tree.feature[node]), default_left=levels.missing_left,
                category_list=listed.tolist() or [LARGEST_NUMBER + 1],
                category_list_right_child=levels.unseen_left, **children,
            )  # fmt: skip
        else:
            builder.numerical_test(
                int(tree.feature[node]), float(tree.threshold[node]), default_left=bool(tree.missing_left[node]),
                opname="<=", **children,
            )  # fmt: skip
        builder.data_count(int(tree.count[node]))
        builder.end_node()
    builder.end_tree()
