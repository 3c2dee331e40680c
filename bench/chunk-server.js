// Answers a question in the protocol of the path it was asked at, always with the same streamed answer: `node chunk-server.js COUNT` prints its address.
// @ts-check
import {once} from 'node:events'
import {createServer} from 'node:http'

const count = Number(process.argv[2])
const data = (/** @type {object} */ event) => `data: ${JSON.stringify(event)}\n\n`

function chatCompletions() {
  const event = (/** @type {object} */ rest) => data({id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'model', ...rest})
  const piece = event({choices: [{index: 0, delta: {content: ' word'}, finish_reason: null}]})
  const usage = {prompt_tokens: 1, completion_tokens: count, total_tokens: count + 1}
  // OpenAI itself sends the usage after the end, without a choice, which not every client of other services takes.
  const end = event({choices: [{index: 0, delta: {content: ''}, finish_reason: 'stop'}], usage})
  return `${piece.repeat(count)}${end}data: [DONE]\n\n`
}

function messages() {
  const event = (/** @type {{type: string, [field: string]: unknown}} */ content) => `event: ${content.type}\n${data(content)}`
  const message = {id: 'msg_1', type: 'message', role: 'assistant', model: 'model', content: [], stop_reason: null, stop_sequence: null}
  return [
    event({type: 'message_start', message: {...message, usage: {input_tokens: 1, output_tokens: 1}}}),
    event({type: 'content_block_start', index: 0, content_block: {type: 'text', text: ''}}),
    event({type: 'content_block_delta', index: 0, delta: {type: 'text_delta', text: ' word'}}).repeat(count),
    event({type: 'content_block_stop', index: 0}),
    event({type: 'message_delta', delta: {stop_reason: 'end_turn', stop_sequence: null}, usage: {output_tokens: count}}),
    event({type: 'message_stop'}),
  ].join('')
}

function gemini() {
  const usageMetadata = {promptTokenCount: 1, candidatesTokenCount: count, totalTokenCount: count + 1}
  const event = (/** @type {object} */ rest) =>
    data({
      candidates: [{content: {parts: [{text: ' word'}], role: 'model'}, index: 0, ...rest}],
      usageMetadata,
      modelVersion: 'model',
      responseId: '1',
    }).replaceAll('\n', '\r\n')
  return event({}).repeat(count - 1) + event({finishReason: 'STOP'})
}

function ollama() {
  const event = (/** @type {object} */ rest) => `${JSON.stringify({model: 'model', created_at: '2026-01-01T00:00:00.000000000Z', ...rest})}\n`
  const piece = event({message: {role: 'assistant', content: ' word'}, done: false})
  const counts = {total_duration: 1, load_duration: 1, prompt_eval_count: 1, prompt_eval_duration: 1, eval_count: count, eval_duration: 1}
  return piece.repeat(count) + event({message: {role: 'assistant', content: ''}, done_reason: 'stop', done: true, ...counts})
}

const EVENTS = 'text/event-stream'
const ANSWERS = [
  {path: /\/chat\/completions$/, type: EVENTS, body: chatCompletions()},
  {path: /\/messages$/, type: EVENTS, body: messages()},
  {path: /:streamGenerateContent$/, type: EVENTS, body: gemini()},
  {path: /\/api\/chat$/, type: 'application/x-ndjson', body: ollama()},
]

const server = createServer((request, response) => {
  request.resume()
  const path = String(request.url).replace(/\?.*/, '')
  const answer = ANSWERS.find((one) => one.path.test(path))
  if (answer) response.writeHead(200, {'content-type': answer.type}).end(answer.body)
  else response.writeHead(404, {'content-type': 'application/json'}).end(`{"error": {"message": "nothing is served at ${path}"}}`)
})
// A client must not find its connection closed that it has kept for a while.
server.keepAliveTimeout = 0
await once(server.listen(0, '127.0.0.1'), 'listening')
console.log(`http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`)
process.stdin.resume().once('end', () => process.exit())
