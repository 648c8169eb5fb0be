from helpers.notebook import show_code


def documented(number):
    """Say what it does.

    In more than one line.
    """
    # a comment that says why
    return number + 1


def bare(number):
    return "text" * number


def test_documentation_goes_and_comments_stay():
    assert show_code.code(documented) == "def documented(number):\n    # a comment that says why\n    return number + 1"


def test_functions_are_shown_one_after_the_other(capsys):
    show_code.show(documented, bare)
    shown = capsys.readouterr().out
    assert shown.endswith('return number + 1\n\ndef bare(number):\n    return "text" * number\n')
