"""The graph of what a home knows: gathered as nodes and typed edges, and drawn as DOT or SVG."""
