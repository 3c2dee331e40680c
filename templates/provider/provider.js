// @ts-check
import {BaseProvider, ProviderError, RequestFailure} from 'helix-cli/provider'
import {AnswerReader, readData, saidIn, toBody} from './protocol.js'

/** @import {AdapterEvent, ChatRequest, ModelInfo} from 'helix-cli/provider' */

/** Acme's API. `BaseProvider` checks requests, retries, keeps time, cancels and puts tool calls together; what is left is how this API is asked. */
export class AcmeProvider extends BaseProvider {
  /** What the API can carry. Helix refuses what is false here before it asks. */
  getCapabilities() {
    return {tools: true, reasoning: false, schema: true, images: false, documents: false}
  }

  /**
   * What `helix provider models acme` lists.
   * @param {AbortSignal} signal
   * @returns {Promise<ModelInfo[]>}
   */
  async fetchModels(signal) {
    const response = await this.#request('/models', {signal})
    const {data} = await response.json()
    return data.map((/** @type {{id: string}} */ {id}) => ({id}))
  }

  /**
   * A request in, events out, the finish last. Where there is no finish, Helix takes that for a dropped connection.
   * @param {ChatRequest} request
   * @param {AbortSignal} signal
   * @returns {AsyncGenerator<AdapterEvent>}
   */
  async *respond(request, signal) {
    const response = await this.#request('/chat/completions', {method: 'POST', body: JSON.stringify(toBody(request)), signal})
    const answer = new AnswerReader()
    for await (const data of readData(response)) {
      if (data === '[DONE]') break
      yield* answer.read(JSON.parse(data))
    }
    yield* answer.end()
  }

  /** Stands in the messages of errors. */
  get endpoint() {
    return String(this.options.settings.base_url)
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   */
  async #request(path, init) {
    // This fetch knows the user's proxies and limits of time.
    const {apiKey, fetch} = this.options
    const headers = {'content-type': 'application/json', ...(apiKey && {authorization: `Bearer ${apiKey}`})}
    const response = await fetch(this.endpoint + path, {...init, headers})
    if (response.status < 500 && response.headers.get('content-type')?.includes('html')) {
      throw new ProviderError('config', `what answers at ${this.endpoint} is not the API of Acme`, {code: 'ENDPOINT_WRONG'})
    }
    if (response.ok) return response
    // From its status and words Helix tells whether to try again, and the user what to do.
    throw new RequestFailure({status: response.status, headers: response.headers, message: saidIn(await response.text()) ?? response.statusText})
  }
}
