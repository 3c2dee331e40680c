import {useEffect, useRef, useState} from 'react'

const SHORTEST_PAUSE_MS = 100
const PAUSE_AFTER_PROBLEM_MS = 1000

export interface Looked<T> {
  /** What the last look has found. */
  found?: T
  /** Why the last look has found nothing. */
  problem?: string
}

/** Looks at a page again and again, and at once when it is another one; stops with the view. */
export function useLook<P, T extends {pauseMs: number}>(look: (page: P) => Promise<T>, page: P): Looked<T> {
  const [looked, setLooked] = useState<Looked<T>>({})
  const started = useRef(Number.NEGATIVE_INFINITY)
  const wanted = JSON.stringify(page)
  useEffect(() => {
    let isShown = true
    let timer: NodeJS.Timeout
    const next = async () => {
      started.current = performance.now()
      const result = await tryLook(() => look(JSON.parse(wanted)))
      if (!isShown) return
      // What was found before is still better than nothing.
      setLooked((before) => ({...before, problem: undefined, ...result}) as Looked<T>)
      timer = setTimeout(next, result.found?.pauseMs ?? PAUSE_AFTER_PROBLEM_MS)
    }
    timer = setTimeout(next, Math.max(0, started.current + SHORTEST_PAUSE_MS - performance.now()))
    return () => {
      isShown = false
      clearTimeout(timer)
    }
  }, [look, wanted])
  return looked
}

async function tryLook<T>(look: () => Promise<T>): Promise<Looked<T>> {
  try {
    return {found: await look()}
  } catch (error) {
    return {problem: error instanceof Error ? error.message : String(error)}
  }
}
