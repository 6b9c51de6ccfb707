// A notice with both symbols and an embedded font by pdfkit, a password hash by @node-rs/argon2: medians in milliseconds.
// `node peers.cjs <folder of fonts>`
'use strict'
const path = require('node:path')
const PDFDocument = require('pdfkit')
const QRCode = require('qrcode')
const { hash, Algorithm } = require('@node-rs/argon2')

const fonts = process.argv[2]
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1]

function symbol(doc, text, x, y, size) {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: 'M' })
  const side = size / modules.size
  for (let row = 0; row < modules.size; row++) {
    for (let column = 0; column < modules.size; column++) {
      if (modules.get(row, column)) doc.rect(x + column * side, y + row * side, side, side)
    }
  }
  doc.fill('black')
}

function notice() {
  return new Promise((resolve) => {
    const doc = new PDFDocument({ size: 'A4', margin: 40 })
    const parts = []
    doc.on('data', (part) => parts.push(part))
    doc.on('end', () => resolve(Buffer.concat(parts).length))
    doc.registerFont('text', path.join(fonts, 'TitilliumWeb-Regular.ttf'))
    doc.registerFont('strong', path.join(fonts, 'TitilliumWeb-Bold.ttf'))
    doc.registerFont('mono', path.join(fonts, 'RobotoMono-Regular.ttf'))
    doc.font('strong').fontSize(18).text('Avviso di pagamento')
    for (let line = 0; line < 24; line++) doc.font('text').fontSize(10).text(`Mensa scolastica, bimestre ${line}: dove e come pagare`)
    for (let line = 0; line < 6; line++) doc.font('mono').fontSize(11).text('3010 0000 0000 0101 51   12345678903   45,00 €')
    symbol(doc, 'PAGOPA|002|301000000000010151|12345678903|4500', 60, 560, 90)
    symbol(doc, 'codfase=NBPA;183010000000000101511200001630209310000004500389' + '6P112345678903RSSMRA80A01H501U'.padEnd(160), 300, 560, 90)
    doc.end()
  })
}

async function timed(times, work) {
  const all = []
  for (let round = 0; round < times; round++) {
    const began = process.hrtime.bigint()
    await work()
    all.push(Number(process.hrtime.bigint() - began) / 1e6)
  }
  return median(all)
}

async function main() {
  await timed(20, notice)
  const options = { algorithm: Algorithm.Argon2id, memoryCost: 19456, timeCost: 2, parallelism: 1, secret: Buffer.from('pepper') }
  await timed(5, () => hash('password', options))
  const took = [
    { what: 'notice: pdfkit (Node)', milliseconds: await timed(100, notice) },
    { what: 'hash: @node-rs/argon2 (Node)', milliseconds: await timed(60, () => hash('password', options)) },
  ]
  console.log(JSON.stringify(took))
}

main()
