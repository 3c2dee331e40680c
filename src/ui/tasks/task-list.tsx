import {Text, useApp} from 'ink'
import {useEffect, useMemo} from 'react'
import type {TaskPage, TaskSnapshot} from '../../core/watch/watch-tasks.js'
import {Headings, Row} from '../parts/row.js'
import {Keys, Screen, useListSpace} from '../parts/screen.js'
import {type ListState, useList} from '../use-list.js'
import {useLook} from '../use-look.js'
import {taskCells, taskColumns} from './task-columns.js'
import {TaskTotals} from './task-totals.js'

const ALL_LISTS = ['running', 'pending', 'completed', 'failed', 'cancelled'] as const

export interface TaskListProps {
  look: (page: TaskPage) => Promise<TaskSnapshot>
  /** What is listed first: all tasks that were named, those of a state, or what is going on. */
  title: string
  /** The tasks of one state are watched: there are no other lists. */
  isOneStatus: boolean
}

/** Tasks that run and that have ended, or those of one state, with totals. */
export function TaskList({look, title, isOneStatus}: TaskListProps) {
  const {columns: width, height} = useListSpace()
  const {state, found, problem} = useTasks({look, height, isOneStatus})
  const columns = useMemo(() => taskColumns(width), [width])
  const shown = {top: found?.top ?? 0, rows: found?.rows.length ?? 0, total: found?.total ?? 0}
  return (
    <Screen
      totals={<TaskTotals found={found} title={listName(state) ?? title} />}
      list={
        <>
          <Headings columns={columns} />
          {found?.rows.map((task) => (
            <Row key={task.id} columns={columns} cells={taskCells(task, found.now)} />
          ))}
          {found?.total === 0 && <Text>There are no such tasks.</Text>}
        </>
      }
      keys={<Keys state={state} choice='other list' shown={shown} problem={problem} />}
    />
  )
}

/** The state of the view; it ends when all tasks that were named have ended. */
function useTasks({look, height, isOneStatus}: Pick<TaskListProps, 'look' | 'isOneStatus'> & {height: number}) {
  const {exit} = useApp()
  const size = {total: 0, height, choices: isOneStatus ? 1 : ALL_LISTS.length + 1}
  const state = useList(size)
  const {found, problem} = useLook(look, {top: state.top, height, status: listName(state), ...(state.text && {text: state.text})})
  // Keys are pressed after this.
  size.total = found?.total ?? 0
  const done = found?.done ?? false
  useEffect(() => {
    if (done) exit('ended')
  }, [done, exit])
  return {state, found, problem}
}

function listName({choice}: ListState): (typeof ALL_LISTS)[number] | undefined {
  return ALL_LISTS[choice - 1]
}
