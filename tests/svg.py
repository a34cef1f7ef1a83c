"""Pictures as SVG: words to put into them, and what none of them may hold."""

import xml.etree.ElementTree as ET

NAMESPACE = "{http://www.w3.org/2000/svg}"

STRANGE = {
    "script": '"><script>alert(1)</script>',
    "closes the picture": "</text></g></svg><svg onload=alert(1)>",
    "event": "' onload='alert(1)",
    "external": '<image href="https://evil.example/x.png"/><use xlink:href="//evil.example#a"/>',
    "foreign": "<foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject>",
    "entity": '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>&x;&#60;b&#62;',
    "billion": "&lol9;" * 20,
    "comment": "--><b>--!><!--",
    "cdata": "]]><b/><![CDATA[",
    "style": "</title><style>@import url(//evil.example/x.css)</style>",
    "invisible": "\x00\x1b[31m\u202egnp\u200b\ufffe\ud800",
    "mathematics": "$\\frac{$ $a_b$ \\input{/etc/passwd}",
    "huge": "A" * 100_000,
    "wide": "\U0001f469\u200d\U0001f680" * 500,
}
"""What strangers call their tokens and accounts."""


def look_inside(picture: str) -> set[str]:
    """Return the names of a picture's elements. It is one document without a type, whose parts
    refer to parts of its own at most and run nothing; everything else fails."""
    assert "<!DOCTYPE svg [" not in picture
    assert "<!ENTITY" not in picture
    root = ET.fromstring(picture)
    for element in root.iter():
        for name, value in element.attrib.items():
            plain = name.rpartition("}")[2].lower()
            assert not plain.startswith("on"), name
            if plain == "href":
                assert value.startswith("#"), value
            assert "url(" not in value.replace("url(#", ""), value
            assert "javascript:" not in value.lower()
    return {element.tag.removeprefix(NAMESPACE) for element in root.iter()}
