"""The classes of the recogniser for Cyrillic and Greek, in their order."""

from __future__ import annotations

import string

CYRILLIC = "".join(map(chr, range(0x0400, 0x0460))) + "ҐґӘәҒғҚқҢңӨөҰұҮүҺһІіҖҗҲҳҶҷӢӣӮӯ"
GREEK = "".join(map(chr, (*range(0x0386, 0x0387), *range(0x0388, 0x038B), 0x038C, *range(0x038E, 0x03A2))))
GREEK += "".join(map(chr, range(0x03A3, 0x03CF)))
SIGNS = string.punctuation + "№§€£₽₴₸₺¥°«»„“”‘’‚–—…•·±×÷²³½µ©®™†←→≤≥≈"
LATIN_MARKS = "ÄÖÜäöüßÉÈÊÀÂÇÑéèêëàâáíóúçñîïôûøåØÅŠšŽžČčĆćĐđłŁńżźśąęőűřůěýÁÍÓÚ"

CHARACTERS = "".join(dict.fromkeys(string.digits + string.ascii_letters + SIGNS + CYRILLIC + GREEK + LATIN_MARKS + " "))
"""One class each, behind CTC's blank."""
