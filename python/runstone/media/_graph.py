"""Graph: a model's layers and how they are joined."""

from __future__ import annotations

from .. import _core
from ._base import Media

_FIELDS = ("name", "class_name", "size", "parameters", "output_shape", "is_output", "num_parameters")


class Node:
    """One layer of a Graph.

    Args:
        id: unique in its graph; a str or int.
        name, class_name: what it is called, and what it is.
        size: the shape of its tensor.
        parameters: a list of ``[name, shape]``.
        output_shape: the shape of each of its outputs.
        is_output: whether it is the graph's result.
        num_parameters: the number of values, of the layer or of each of its parameters.

    Each is an attribute, None if it was not given.
    """

    __slots__ = ("id", *_FIELDS)

    def __init__(
        self,
        id=None,
        name=None,
        class_name=None,
        size=None,
        parameters=None,
        output_shape=None,
        is_output=None,
        num_parameters=None,
    ) -> None:
        self.id, self.name, self.class_name, self.size = id, name, class_name, size
        self.parameters, self.output_shape = parameters, output_shape
        self.is_output, self.num_parameters = is_output, num_parameters

    def to_json(self) -> dict:
        """The fields that are set; ``name`` in any case."""
        fields = {"name": self.name, "id": self.id}
        fields.update((f, getattr(self, f)) for f in _FIELDS if getattr(self, f) is not None)
        return fields

    def __repr__(self) -> str:
        return f"Node({', '.join(f'{k}={v!r}' for k, v in self.to_json().items())})"


class Edge:
    """A connection of two nodes of a Graph.

    Args:
        from_node, to_node: the Nodes.
    """

    __slots__ = ("from_node", "to_node")

    def __init__(self, from_node: Node, to_node: Node) -> None:
        self.from_node, self.to_node = from_node, to_node

    def to_json(self) -> list:
        """The ids of both."""
        return [self.from_node.id, self.to_node.id]

    def __repr__(self) -> str:
        return f"Edge({self.from_node.id!r}, {self.to_node.id!r})"


class Graph(Media):
    """A model's layers and how they are joined, stored as JSON when it is logged.

        graph = runstone.Graph(format="torch")
        first = graph.add_node(id="0", name="0", class_name="Linear(8, 4)")
        graph.add_edge(first, graph.add_node(id="1", name="1", class_name="ReLU()"))
        run.summary["model"] = graph

    Args:
        format: how it is to be drawn, such as ``"torch"`` or ``"keras"``.

    Attributes ``nodes`` and ``edges`` are lists; ``nodes_by_id`` is a dict, and ``graph[id]`` its entry;
    ``root`` is a Node or None. ``run.watch(model, log_graph=True)`` makes one of a PyTorch model.

    Follows: the class of that name of the stock client.
    """

    def __init__(self, format: str = "keras") -> None:
        self.format = format
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.nodes_by_id: dict = {}
        self.root: Node | None = None

    def add_node(self, node: Node | None = None, **fields: object) -> Node:
        """Adds a node.

        Args:
            node: a Node; or instead of it the arguments of one.

        Returns:
            The node.

        Raises:
            ValueError: both forms at once. TypeError: an argument that a Node does not take.
        """
        if node is None:
            node = Node(**fields)
        elif fields:
            raise ValueError("add_node() takes a node or the fields of one, not both")
        self.nodes.append(node)
        self.nodes_by_id[node.id] = node
        return node

    def add_edge(self, from_node: Node, to_node: Node) -> Edge:
        """Joins two nodes.

        Args:
            from_node, to_node: Nodes of this graph.

        Returns:
            The Edge.
        """
        edge = Edge(from_node, to_node)
        self.edges.append(edge)
        return edge

    def pprint(self) -> None:
        """Prints the edges, then the nodes, one a line."""
        for one in (*self.edges, *self.nodes):
            print(one)

    def __getitem__(self, id: object) -> Node:
        """The node of that id. KeyError without one."""
        return self.nodes_by_id[id]

    def _media(self):
        import json

        content = {
            "format": self.format,
            "nodes": [node.to_json() for node in self.nodes],
            "edges": [edge.to_json() for edge in self.edges],
        }
        if self._core_media is None or self._stored != content:  # it may have grown since it was logged
            self._stored = content
            self._core_media = _core.Media.graph(json.dumps(content))
        return self._core_media
