# A notice with both symbols and an embedded font by reportlab: the median in milliseconds.
# `python3 notice.py <folder of fonts>`
import io
import json
import os
import sys
import time

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode import createBarcodeDrawing
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FACES = {"text": "TitilliumWeb-Regular", "strong": "TitilliumWeb-Bold", "mono": "RobotoMono-Regular"}
for name, face in FACES.items():
    pdfmetrics.registerFont(TTFont(name, os.path.join(sys.argv[1], face + ".ttf")))


def notice():
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842))
    canvas.setFont("strong", 18)
    canvas.drawString(40, 790, "Avviso di pagamento")
    canvas.setFont("text", 10)
    for line in range(24):
        canvas.drawString(40, 760 - 13 * line, f"Mensa scolastica, bimestre {line}: dove e come pagare")
    canvas.setFont("mono", 11)
    for line in range(6):
        canvas.drawString(40, 430 - 14 * line, "3010 0000 0000 0101 51   12345678903   45,00 €")
    codes = ("PAGOPA|002|301000000000010151|12345678903|4500", "codfase=NBPA;18301000000000010151" + "9" * 190)
    for place, code in enumerate(codes):
        drawing = createBarcodeDrawing("QR", value=code, width=90, height=90)
        renderPDF.draw(drawing, canvas, 60 + 240 * place, 180)
    canvas.showPage()
    canvas.save()
    return len(out.getvalue())


def median(times):
    took = []
    for _ in range(times):
        began = time.perf_counter()
        notice()
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)[len(took) // 2]


median(10)
print(json.dumps([{"what": "notice: reportlab (Python)", "milliseconds": median(60)}]))
