/** What a model takes, in as far as the models differ: https://platform.claude.com/docs/en/about-claude/models/overview */
export interface ModelTraits {
  /** The most tokens of one answer, thoughts included; absent where that is not known. */
  maxTokens?: number
  /** How it is told to think: not at all, by a budget in tokens, or by an effort, itself deciding when. */
  thinking: 'none' | 'budget' | 'adaptive'
  /** It thinks unless it is told not to. */
  thinksUnasked: boolean
  /** How it is told not to think; absent where it cannot but think. */
  unthinking?: 'disabled' | 'between_tools'
  temperature: boolean
  /** It can be made to call a tool. */
  forcedTools: boolean
  schema: boolean
}

/** Before Claude thought, and servers of others that speak the protocol. */
const PLAIN: ModelTraits = {thinking: 'budget', thinksUnasked: false, unthinking: 'disabled', temperature: true, forcedTools: true, schema: false}
const CLAUDE_3: ModelTraits = {...PLAIN, thinking: 'none', maxTokens: 8192}
const CLAUDE_4_5: ModelTraits = {...PLAIN, schema: true, maxTokens: 64_000}
const CLAUDE_4_6: ModelTraits = {...CLAUDE_4_5, thinking: 'adaptive', maxTokens: 128_000}
const CLAUDE_4_7: ModelTraits = {...CLAUDE_4_6, temperature: false}
const CLAUDE_5: ModelTraits = {...CLAUDE_4_7, thinksUnasked: true}
const {unthinking: _, ...ALWAYS_THINKING} = CLAUDE_5

/** The first that matches a model's id counts; gateways put other words before and behind it, and dots in its version. */
const MODELS: [RegExp, ModelTraits][] = [
  [/claude-sonnet-5[-.]5/, {...CLAUDE_5, unthinking: 'between_tools', forcedTools: false}],
  [/claude-(opus-5[-.]5|(fable|mythos)-5[-.][12])/, {...ALWAYS_THINKING, forcedTools: false}],
  [/claude-(fable|mythos)/, ALWAYS_THINKING],
  [/claude-(opus|sonnet|haiku)-5/, CLAUDE_5],
  [/claude-opus-4[-.][78]/, CLAUDE_4_7],
  [/claude-(opus|sonnet)-4[-.]6/, CLAUDE_4_6],
  [/claude-(opus|sonnet|haiku)-4[-.]5/, CLAUDE_4_5],
  [/claude-opus-4[-.]1(?!\d)/, {...CLAUDE_4_5, maxTokens: 32_000}],
  [/claude-opus-4/, {...PLAIN, maxTokens: 32_000}],
  [/claude-(sonnet-4|3[-.]7)/, {...PLAIN, maxTokens: 64_000}],
  [/claude-3[-.]5/, CLAUDE_3],
  [/claude-3/, {...CLAUDE_3, maxTokens: 4096}],
  // One that is newer than this table has most likely no less than the newest in it, and no fewer restrictions.
  [/claude-/, ALWAYS_THINKING],
]

/** What a model takes. */
export function traitsOf(model: string): ModelTraits {
  return MODELS.find(([name]) => name.test(model))?.[1] ?? PLAIN
}
