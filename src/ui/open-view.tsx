import {render} from 'ink'
import type {ReactNode} from 'react'

const MOST_FRAMES_A_SECOND = 10

/** How a view was left: all that was watched has ended, by the user, by Ctrl-C, or because the process was told to stop. */
export type ViewEnd = 'ended' | 'left' | 'interrupted' | 'stopped'

/** Shows a view on a screen of its own, writing only what has changed, and gives the terminal back as it was. */
export async function openView(view: ReactNode, stop: AbortSignal): Promise<ViewEnd> {
  // The caller has decided that there is a terminal.
  const app = render(view, {alternateScreen: true, exitOnCtrlC: false, incrementalRendering: true, interactive: true, maxFps: MOST_FRAMES_A_SECOND})
  const leave = () => app.unmount()
  stop.addEventListener('abort', leave)
  if (stop.aborted) leave()
  try {
    return ((await app.waitUntilExit()) as ViewEnd | undefined) ?? 'stopped'
  } finally {
    stop.removeEventListener('abort', leave)
  }
}
