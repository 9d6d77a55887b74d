import type { Page } from 'playwright-core'

const KEY_MS = 4

/**
 * A hand scanner: a keyboard that types fast and ends with Enter. Each key carries the moment at which a scanner would
 * have struck it, so that a till tells it from fingers however slow this machine is.
 */
export async function scan(page: Page, code: string): Promise<void> {
  const keyboard = await page.context().newCDPSession(page)
  const from = Date.now()
  const strike = (key: string, n: number) => {
    const struck = { ...keyFor(key), key, timestamp: (from + n * KEY_MS) / 1_000 }
    return [
      keyboard.send('Input.dispatchKeyEvent', { type: 'keyDown', ...struck }),
      keyboard.send('Input.dispatchKeyEvent', { type: 'keyUp', ...struck, text: '' }),
    ]
  }
  await Promise.all([...code, 'Enter'].flatMap(strike))
  await keyboard.detach()
}

/** A digit, a capital letter, a hyphen or Enter, as a keyboard names it. */
function keyFor(key: string): { code: string; text: string; windowsVirtualKeyCode: number } {
  if (key === 'Enter') return { code: 'Enter', text: '\r', windowsVirtualKeyCode: 13 }
  if (key === '-') return { code: 'Minus', text: '-', windowsVirtualKeyCode: 189 }
  return { code: `${/\d/.test(key) ? 'Digit' : 'Key'}${key}`, text: key, windowsVirtualKeyCode: key.charCodeAt(0) }
}
