"""Is the text of digital PDFs taken as it is, and are layers that lie read: ``python -m evaluation.layers OUT``.

Documents are set by Chromium; the layer is what PDFium says is on the page.
"""

from __future__ import annotations

import base64
import io
import re
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import click
import pikepdf
import pypdfium2 as pdfium

from evaluation.truth import tokens
from tasks.runner import ReadContext
from training.pages import business, held_out, templates
from training.pages.chromium import Chromium
from training.pages.parts import Parts
from training.pages.prose import LANGUAGES, Prose
from training.pages.style import Style
from training.random_source import RandomSource
from worker.imaging.decode import Limits, open_document
from worker.reading.layer_reading import TextLayerPipeline, page_image

SHIFTED = {code: code - 13 if chr(code).lower() > "m" else code + 13 for code in (*range(65, 91), *range(97, 123))}


@dataclass(frozen=True)
class Taken:
    """What came of a document: its text, where each page's came from, and processor seconds."""

    text: str
    sources: tuple[str, ...]
    seconds: float


def draw(browser: Chromium, seed: int) -> bytes:
    """A document of one or more pages."""
    rng = RandomSource(seed)
    pool = {**templates.TEMPLATES, **business.TEMPLATES, **held_out.TEMPLATES}
    prose = Prose(rng, rng.by_share(LANGUAGES), 1)
    style = Style.drawn(rng, prose.chinese, held_out=True)
    body = rng.by_share(pool)(Parts(rng, prose, style))
    browser.draw(style.css(), body, picture=False)
    printed = browser._driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "scale": 0.6})
    return base64.b64decode(printed["data"])


def layer_text(data: bytes) -> str:
    """All that PDFium finds on the pages."""
    pages = pdfium.PdfDocument(data)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in pages)
    return re.sub("-?\ufffe\\s*|\u00ad\\s*", "-", text)  # PDFium's marks of hyphens at line ends


def lying(data: bytes, how: str) -> bytes:
    """The document with a layer that says something else than its picture."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for name in list(pdf.objects):
            if isinstance(name, pikepdf.Dictionary) and "/ToUnicode" in name:
                content = name["/ToUnicode"].read_bytes().decode("latin-1")
                name["/ToUnicode"] = pdf.make_stream(_mapped(content, how).encode("latin-1"))
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def _mapped(content: str, how: str) -> str:
    """A character map to other letters, or to private use."""

    def other(match: re.Match[str]) -> str:
        code = int(match[2], 16)
        if how == "garbled":
            code = 0xE000 + code % 0x1000
        elif how == "language":
            code = 0x430 + code % 32 if chr(code).isalpha() else code
        else:
            code = SHIFTED.get(code, code)
        return f"{match[1]}<{code:04X}>"

    return re.sub(r"(<[0-9A-Fa-f]+>\s+|<[0-9A-Fa-f]+>\s+<[0-9A-Fa-f]+>\s+)<([0-9A-Fa-f]{4})>(?=\s*\n)", other, content)


def scanned(data: bytes, text: str | None) -> bytes:
    """The document as pictures, with an invisible text upon them that is another's."""
    pages = pdfium.PdfDocument(data)
    pdf = pikepdf.new()
    for page in pages:
        width, height = page.get_size()
        picture = page.render(scale=2).to_pil().convert("RGB")
        image = pikepdf.Stream(pdf, picture.tobytes())
        image.stream_dict = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=picture.width,
            Height=picture.height,
            ColorSpace=pikepdf.Name.DeviceRGB,
            BitsPerComponent=8,
        )
        lines = " ".join(f"({line}) Tj T*" for line in (text or "").split("\n"))
        under = f"BT /F1 11 Tf 14 TL 40 {height - 60:.0f} Td {lines} ET"
        drawn = f"q {width} 0 0 {height} 0 0 cm /Im Do Q"
        invisible = under.replace("BT ", "BT 3 Tr ", 1)
        parts = (drawn, invisible) if text and text.startswith("ocr") else (under, drawn)
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        resources = pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(Im=image), Font=pikepdf.Dictionary(F1=pdf.make_indirect(font))
        )
        new = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=[0, 0, width, height],
            Contents=pdf.make_stream("\n".join(parts).encode()),
            Resources=resources,
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(new)))
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def cropped(data: bytes) -> bytes:
    """The document with its lower half outside the crop."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for page in pdf.pages:
            left, low, right, top = (float(value) for value in page.mediabox)
            page.cropbox = pikepdf.Array([left, (low + top) / 2, right, top])
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def f1(text: str, truth: str) -> float:
    """Of words, order aside."""
    read, true = Counter(tokens(text)), Counter(tokens(truth))
    return 2 * (read & true).total() / max(1, read.total() + true.total())


def take(pipeline: TextLayerPipeline, data: bytes, layer: bool) -> Taken:
    """Read a document.

    Args:
        pipeline: Takes layers.
        data: The PDF.
        layer: Whether its layers are looked at.
    """
    begun = time.process_time()
    with open_document(data, Limits()) as document:
        results = []
        for number in range(1, document.page_count + 1):
            page = page_image(document, number, with_layer=layer)
            results.append(pipeline.read_pages([page], ReadContext())[0].page)
    text = "\n".join(result.text for result in results)
    return Taken(text, tuple(result.text_source for result in results), time.process_time() - begun)


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--documents", default=20, show_default=True)
@click.option("--read", "to_read", default=5, show_default=True, help="Documents that are also read, for the time.")
@click.option("--seed", default=700_000, show_default=True)
def main(out: Path, documents: int, to_read: int, seed: int) -> None:
    """Draw documents into OUT, take their layers, and read those that lie."""
    from worker.engines.ppocr.engine import RapidOcrEngine
    from worker.reading.plain import PlainPipeline

    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"{seed + number}.pdf" for number in range(documents)]
    if not all(path.exists() for path in paths):
        with Chromium() as browser:
            for number, path in enumerate(paths):
                if not path.exists():
                    path.write_bytes(draw(browser, seed + number))
    engine = RapidOcrEngine.load()

    def pipeline() -> TextLayerPipeline:
        return TextLayerPipeline(PlainPipeline(engine, engine), "auto", engine)

    scores, times = [], []
    for number, path in enumerate(paths):
        data = path.read_bytes()
        taken = take(pipeline(), data, layer=True)
        scores.append(f1(taken.text, layer_text(data)))
        ratio = ""
        if number < to_read:
            read = take(pipeline(), data, layer=False)
            times.append((taken.seconds, read.seconds))
            ratio = f" read in {read.seconds:.2f} s, F1 {f1(read.text, layer_text(data)):.4f}"
        click.echo(f"{path.name} {','.join(taken.sources)} F1 {scores[-1]:.4f} {taken.seconds:.3f} s{ratio}")
    click.echo(f"mean F1 {sum(scores) / len(scores):.4f}, lowest {min(scores):.4f}")
    if times:
        click.echo(f"{sum(b for _, b in times) / sum(a for a, _ in times):.1f} times faster than reading")
    other = "\n".join(["ocr of another page with words that are not there"] * 12)
    for kind, path in zip(("garbled", "shifted", "language", "ocr", "hidden", "crop"), paths, strict=False):
        data, truth = path.read_bytes(), layer_text(path.read_bytes())
        if kind in ("ocr", "hidden"):
            data = scanned(data, other if kind == "ocr" else other.replace("ocr", "text"))
        elif kind == "crop":
            data = cropped(data)
            truth = layer_text(data)
        else:
            data = lying(data, kind)
        taken = take(pipeline(), data, layer=True)
        click.echo(f"{kind}: {','.join(taken.sources)} F1 {f1(taken.text, truth):.3f}")


if __name__ == "__main__":
    main()
