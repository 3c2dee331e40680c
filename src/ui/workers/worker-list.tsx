import {Text} from 'ink'
import {useMemo} from 'react'
import type {WorkerSnapshot} from '../../core/watch/watch-workers.js'
import {Headings, Row} from '../parts/row.js'
import {Keys, Screen, useListSpace} from '../parts/screen.js'
import {useList} from '../use-list.js'
import {useLook} from '../use-look.js'
import {arrangeWorkers, ORDERS} from './arrange-workers.js'
import {workerCells, workerColumns} from './worker-columns.js'
import {WorkerTotals} from './worker-totals.js'

export interface WorkerListProps {
  look: () => Promise<WorkerSnapshot>
}

/** All workers, as many as fit on the screen, with totals. */
export function WorkerList({look}: WorkerListProps) {
  const {columns: width, height} = useListSpace()
  const {state, order, found, problem, listed, top} = useWorkers(look, height)
  const columns = useMemo(() => workerColumns(width), [width])
  const rows = listed.slice(top, top + height)
  return (
    <Screen
      totals={<WorkerTotals found={found} />}
      list={
        <>
          <Headings columns={columns} />
          {found && rows.map((worker) => <Row key={worker.name} columns={columns} cells={workerCells(worker, found.now, width)} />)}
          {found && listed.length === 0 && <Text>There are no such workers.</Text>}
        </>
      }
      keys={<Keys state={state} choice={`by ${order}`} shown={{top, rows: rows.length, total: listed.length}} problem={problem} />}
    />
  )
}

/** The state of the view: all workers are known, so that order and filter need no new look. */
function useWorkers(look: WorkerListProps['look'], height: number) {
  const {found, problem} = useLook(look, null)
  const size = {total: 0, height, choices: ORDERS.length}
  const state = useList(size)
  const order = ORDERS[state.choice] ?? ORDERS[0]
  const listed = useMemo(() => arrangeWorkers(found?.workers ?? [], order, state.text), [found, order, state.text])
  // Keys are pressed after this.
  size.total = listed.length
  return {state, order, found, problem, listed, top: Math.max(0, Math.min(state.top, listed.length - height))}
}
