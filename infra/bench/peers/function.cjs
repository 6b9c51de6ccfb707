// A function in Node as the SDK's documentation writes it: a client outside of the handler, a command a call. The event lists
// the requests as our function wrote them. The Runtime API is asked as Lambda's own runtime does.
'use strict'
const http = require('node:http')
const dynamodb = require('@aws-sdk/client-dynamodb')

const client = new dynamodb.DynamoDBClient({})
const agent = new http.Agent({ keepAlive: true })
const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`

function exchange(method, address, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(address, { method, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => resolve({ response, text }))
    })
    request.on('error', reject).end(body)
  })
}

const binary = (key, value) => (key === 'B' && typeof value === 'string' ? Buffer.from(value, 'base64') : value)

async function handler({ requests }) {
  for (const request of requests) {
    const [head, body] = request.split('\r\n\r\n')
    const operation = /^x-amz-target: \w+\.(\w+)/m.exec(head)[1]
    await client.send(new dynamodb[`${operation}Command`](JSON.parse(body, binary)))
  }
  return 'done'
}

async function main() {
  for (;;) {
    const { response, text } = await exchange('GET', `${api}/next`)
    const id = response.headers['lambda-runtime-aws-request-id']
    try {
      await exchange('POST', `${api}/${id}/response`, JSON.stringify(await handler(JSON.parse(text))))
    } catch (error) {
      await exchange('POST', `${api}/${id}/error`, JSON.stringify({ errorMessage: String(error) }))
    }
  }
}

main()
