import {Text} from 'ink'
import {showLine} from '../../core/show-text.js'
import type {TaskSnapshot} from '../../core/watch/watch-tasks.js'
import {formatCount} from '../format.js'
import {type Tone, tone} from '../tone.js'

const STATUSES = ['running', 'pending', 'completed', 'failed', 'cancelled'] as const satisfies Tone[]

/** How many tasks are in each state, how fast they end, and whether anybody runs them. */
export function TaskTotals({found, title}: {found: TaskSnapshot | undefined; title: string}) {
  return (
    <>
      <Text wrap='truncate-end'>
        {STATUSES.map((status, index) => (
          <Text key={status}>
            {index > 0 && '  '}
            <Text bold {...tone(status)}>
              {found ? formatCount(found.counts[status]) : '-'}
            </Text>{' '}
            {status}
          </Text>
        ))}
      </Text>
      <Text wrap='truncate-end'>
        {rateOf(found)} · {showLine(title)} · <Coordinators found={found} />
      </Text>
    </>
  )
}

function Coordinators({found}: {found: TaskSnapshot | undefined}) {
  if (!found) return <Text>looking</Text>
  if (found.coordinators > 0) return <Text>{found.coordinators === 1 ? '1 coordinator' : `${found.coordinators} coordinators`}</Text>
  if (found.counts.pending + found.counts.running === 0) return <Text>nothing to run</Text>
  return <Text {...tone('warning')}>no coordinator: helix scheduler start</Text>
}

function rateOf(found: TaskSnapshot | undefined): string {
  if (found?.rate == null) return '- tasks/s'
  return `${found.rate < 100 ? found.rate.toFixed(1) : formatCount(Math.round(found.rate))} tasks/s`
}
