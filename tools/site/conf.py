"""How Sphinx makes the site; see `tools.site`."""

project = "The Pinterest pipeline workbook"
extensions = ["myst_nb"]
html_theme = "sphinx_book_theme"
html_title = project
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"show_navbar_depth": 1, "home_page_in_toc": True}

nb_execution_mode = "off"  # the notebooks were executed by `make reference`
nb_ipywidgets_js = {}  # no script from somewhere else
myst_heading_anchors = 3
suppress_warnings = [
    "myst.header",  # a notebook's headings begin with its title, and a cell may begin with a deeper one
    "mystnb.unknown_mime_type",
]
