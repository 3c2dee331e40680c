import {useEffect, useRef, useState} from 'react'

const SHORTEST_PAUSE_MS = 100
const PAUSE_AFTER_PROBLEM_MS = 1000

export interface Looked<T> {
  /** What the last look has found. */
  found?: T
  /** Why the last look has found nothing. */
  problem?: string
}

/** Looks at a page again and again, and soon when it is another one, one look at a time; stops with the view. */
export function useLook<P, T extends {pauseMs: number}>(look: (page: P) => Promise<T>, page: P): Looked<T> {
  const [looked, setLooked] = useState<Looked<T>>({})
  const wanted = JSON.stringify(page)
  const latest = useRef(wanted)
  const hurry = useRef(() => {})
  useEffect(() => {
    let isShown = true
    let isLooking = false
    let started = 0
    let timer: NodeJS.Timeout
    const soon = () => {
      clearTimeout(timer)
      timer = setTimeout(next, started + SHORTEST_PAUSE_MS - performance.now())
    }
    const next = async () => {
      const asked = latest.current
      started = performance.now()
      isLooking = true
      const result = await tryLook(() => look(JSON.parse(asked)))
      isLooking = false
      if (!isShown) return
      // What was found before is still better than nothing.
      setLooked((before) => (result.found ? result : {...before, ...result}))
      if (latest.current === asked) timer = setTimeout(next, result.found?.pauseMs ?? PAUSE_AFTER_PROBLEM_MS)
      else soon()
    }
    hurry.current = () => {
      if (!isLooking) soon()
    }
    void next()
    return () => {
      isShown = false
      clearTimeout(timer)
    }
  }, [look])
  useEffect(() => {
    if (latest.current === wanted) return
    latest.current = wanted
    hurry.current()
  }, [wanted])
  return looked
}

async function tryLook<T>(look: () => Promise<T>): Promise<Looked<T>> {
  try {
    return {found: await look()}
  } catch (error) {
    return {problem: error instanceof Error ? error.message : String(error)}
  }
}
