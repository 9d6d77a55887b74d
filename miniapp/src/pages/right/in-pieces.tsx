import type { ReactElement } from 'react'
import { Later } from '../../ui/later'

/** WeChat takes so many cards or lines at once; more come piece by piece. */
const PIECE = 4

export function InPieces({ rows }: { rows: ReactElement[] }) {
  return (
    <>
      {rows.slice(0, PIECE)}
      {rows.length > PIECE && (
        <Later>
          <InPieces rows={rows.slice(PIECE)} />
        </Later>
      )}
    </>
  )
}
