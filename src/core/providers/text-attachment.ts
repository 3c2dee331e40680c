import type {Attachment} from './provider.js'

const TEXT_TYPES = /^text\/|^application\/(.*\+)?(json|xml|yaml|toml|x-yaml|x-ndjson|javascript|sql)$/

/** A document of text as words of the prompt, under its name; undefined for every other attachment. */
export function readTextAttachment({name, mediaType, data}: Attachment): string | undefined {
  return TEXT_TYPES.test(mediaType) ? `${name}:\n${Buffer.from(data).toString('utf8')}` : undefined
}
