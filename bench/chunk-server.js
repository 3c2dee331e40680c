// Answers every request with the same streamed answer: `node chunk-server.js COUNT` prints the address of its API.
// @ts-check
import {once} from 'node:events'
import {createServer} from 'node:http'

const head = {id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'model'}
const event = (/** @type {object} */ data) => `data: ${JSON.stringify({...head, ...data})}\n\n`
const piece = event({choices: [{index: 0, delta: {content: ' word'}, finish_reason: null}]})
const end = event({choices: [{index: 0, delta: {}, finish_reason: 'stop'}]})
const usage = event({choices: [], usage: {prompt_tokens: 1, completion_tokens: Number(process.argv[2]), total_tokens: Number(process.argv[2]) + 1}})
const body = `${piece.repeat(Number(process.argv[2]))}${end}${usage}data: [DONE]\n\n`

const server = createServer((request, response) => {
  request.resume()
  response.writeHead(200, {'content-type': 'text/event-stream'}).end(body)
})
await once(server.listen(0, '127.0.0.1'), 'listening')
console.log(`http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}/v1`)
process.stdin.resume().once('end', () => process.exit())
