/**
 * Where processes share an access token: a row or a cache key per appid. `read` answers null when there is none.
 * The token opens every server call of the app, so a store that outlives the process keeps it encrypted.
 */
export interface TokenStore {
  read(appid: string): Promise<{ token: string; expiresAt: Date } | null>
  write(appid: string, token: string, expiresAt: Date): Promise<void>
}

/** A store of one process; enough for one BFF and for tests. */
export function memoryTokenStore(): TokenStore {
  const kept = new Map<string, { token: string; expiresAt: Date }>()
  return {
    read: async (appid) => kept.get(appid) ?? null,
    write: async (appid, token, expiresAt) => {
      kept.set(appid, { token, expiresAt })
    },
  }
}
