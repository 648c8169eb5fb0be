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


def meant_for_another_program():
    """Nobody calls it."""
    from no_such_module import Thing

    with Thing():
        # a comment
        run = 1  # noqa: F841


def test_a_body_is_the_text_of_a_file():
    assert show_code.body(meant_for_another_program) == (
        "from no_such_module import Thing\n\nwith Thing():\n    # a comment\n    run = 1  # noqa: F841\n"
    )
    assert show_code.body(bare) == 'return "text" * number\n'
