// A system that the product calls: it notes what it gets, and gives the answer that it was told to give.
import { createServer } from 'node:http'

export async function receiver({ status, answer }) {
  const got = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      got.push({ method: request.method, path: request.url, headers: request.headers, body })
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(answer)
    })
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    got,
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(done)
      }),
  }
}
