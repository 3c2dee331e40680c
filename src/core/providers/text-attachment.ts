import type {Attachment} from './provider.js'

const TEXT_TYPES = /^text\/|^application\/(.*\+)?(json|xml|yaml|toml|x-yaml|x-ndjson|javascript|sql)$/

/** Whether files of that type are text. */
export function isTextType(mediaType: string): boolean {
  return TEXT_TYPES.test(mediaType)
}

/** A document of text as words of the prompt, under its name; undefined for every other attachment. */
export function readTextAttachment({name, mediaType, data}: Attachment): string | undefined {
  return isTextType(mediaType) ? `${name}:\n${Buffer.from(data).toString('utf8')}` : undefined
}
