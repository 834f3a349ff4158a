"""The edge's tests run where only the edge is installed, as on an ARM machine (docs/figures/arm.md)."""

import grimp


def test_no_test_of_the_edge_reaches_another_role() -> None:
    """Follows the imports of each test, also through others. Tests that start whole streets are among the scenarios."""
    roles = ("center", "ray_cluster")
    graph = grimp.build_graph("edge_agent", "provisioning", "engines", "tests", *roles, cache_dir=None)
    reached = {
        f"{test} reaches {role}: {' > '.join(chain)}"
        for test in graph.find_descendants("tests.edge_agent")
        for role in roles
        if (chain := graph.find_shortest_chain(test, role, as_packages=True))
    }
    assert reached == set()
