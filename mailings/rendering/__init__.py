"""From content blocks to the bytes of a message: pure, without models, without a clock.

`compile.compile_letter(letter)` does everything that can be done once per mailing; `segments.Compiled.render(recipient)`
does the rest per recipient. `slow.render` says the same with the standard library's message class, for the tests.
"""
