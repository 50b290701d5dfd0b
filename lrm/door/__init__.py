"""What a request passes before a page or the API sees it, and what every answer carries.

Nouns: a *proxy* that is believed (and nobody else) on who asks and whether over https; the *front
door*, which refuses odd methods and secrets sent plainly; the *portal of a request*; uploads and
bodies that are *bounded*; the headers of every answer.

Most of it is middleware, whose order in `lrm.settings` matters. It keeps nothing, and never decides
who a person is (`lrm.sign_in`) or what they may do (`lrm.access`).
"""
