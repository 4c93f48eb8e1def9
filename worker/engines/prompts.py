"""The prompts that models which read whole pages were trained on, word by word as their authors publish them."""

from __future__ import annotations

NATURALLY = "Just return the plain text representation of this document as if you were reading it naturally."
FRONT_MATTER = (
    "Return your output as markdown, with a front matter section on top specifying values for the primary_language, "
    "is_rotation_valid, rotation_correction, is_table, and is_diagram parameters."
)
OLMOCR_2 = (
    f"Attached is one page of a document that you must process. {NATURALLY} "
    "Convert equations to LateX and tables to HTML.\n"
    "If there are any figures or charts, label them with the following markdown syntax "
    "![Alt text describing the contents of the figure](page_startx_starty_width_height.png)\n"
    f"{FRONT_MATTER}"
)
OLMOCR_1 = (
    f"Attached is one page of a document that you must process. {NATURALLY} "
    f"Convert equations to LateX and tables to markdown.\n{FRONT_MATTER}"
)
# The preview wants text taken out of the PDF between the marks; a picture has none.
OLMOCR_PREVIEW = (
    "Below is the image of one page of a document, as well as some raw textual content that was previously extracted "
    f"for it. {NATURALLY}\nDo not hallucinate.\nRAW_TEXT_START\n\nRAW_TEXT_END"
)
ROLMOCR = "Return the plain text representation of this document as if you were reading it naturally.\n"
HTML_TAGS = (
    *("math", "br", "i", "b", "u", "del", "sup", "sub", "table", "tr", "td", "p", "th", "div", "pre"),
    *("h1", "h2", "h3", "h4", "h5", "ul", "ol", "li", "input", "a", "span", "img", "hr", "tbody", "small"),
    *("caption", "strong", "thead", "big", "code", "chem"),
)
HTML_ATTRIBUTES = (
    *("class", "colspan", "rowspan", "display", "checked", "type", "border", "value", "style", "href", "alt"),
    *("align", "data-bbox", "data-label"),
)
CHANDRA_2 = f"""\
OCR this image to HTML, arranged as layout blocks.  Each layout block should be a div with the data-bbox attribute \
representing the bounding box of the block in x0 y0 x1 y1 format.  Bboxes are normalized 0-1000. The data-label \
attribute is the label for the block.

Use the following labels:
- Caption
- Footnote
- Equation-Block
- List-Group
- Page-Header
- Page-Footer
- Image
- Section-Header
- Table
- Text
- Complex-Block
- Code-Block
- Form
- Table-Of-Contents
- Figure
- Chemical-Block
- Diagram
- Bibliography
- Blank-Page

Only use these tags {list(HTML_TAGS)}, and these attributes {list(HTML_ATTRIBUTES)}.

Guidelines:
* Inline math: Surround math with <math>...</math> tags. Math expressions should be rendered in KaTeX-compatible \
LaTeX. Use display for block math.
* Tables: Use colspan and rowspan attributes to match table structure.
* Formatting: Maintain consistent formatting with the image, including spacing, indentation, \
subscripts/superscripts, and special characters.
* Images: Include a description of any images in the alt attribute of an <img> tag. Do not fill out the src \
property. Describe in detail inside the div tag. Also convert charts to high fidelity data, and convert diagrams to \
mermaid.
* Forms: Mark checkboxes and radio buttons properly.
* Text: join lines together properly into paragraphs using <p>...</p> tags.  Use <br> tags for line breaks within \
paragraphs, but only when absolutely necessary to maintain meaning.
* Chemistry: Use <chem>...</chem> tags for chemical formulas with reactive SMILES.
* Lists: Preserve indents and proper list markers.
* Use the simplest possible HTML structure that accurately represents the content of the block.
* Make sure the text is accurate and easy for a human to read and interpret.  Reading order should be correct and \
natural."""
SURYA_2 = "OCR this image to HTML. Each block is a div with data-label and data-bbox (x0 y0 x1 y1, normalized 0-1000)."
DOTS_OCR = """\
Please output the layout information from the PDF image, including each layout element's bbox, its category, and the \
corresponding text content within the bbox.

1. Bbox format: [x1, y1, x2, y2]

2. Layout Categories: The possible categories are ['Caption', 'Footnote', 'Formula', 'List-item', 'Page-footer', \
'Page-header', 'Picture', 'Section-header', 'Table', 'Text', 'Title'].

3. Text Extraction & Formatting Rules:
    - Picture: For the 'Picture' category, the text field should be omitted.
    - Formula: Format its text as LaTeX.
    - Table: Format its text as HTML.
    - All Others (Text, Title, etc.): Format their text as Markdown.

4. Constraints:
    - The output text must be the original text from the image, with no translation.
    - All layout elements must be sorted according to human reading order.

5. Final Output: The entire output must be a single JSON object.
"""
