import { View } from '@tarojs/components'
import type { Trouble } from '../lib/api'
import { Button } from './button'
import { FaultNote } from './states'

interface EarlierWish {
  hasMore: boolean
  busy: boolean
  fault: Trouble | null
  more(): Promise<void>
}

/** Below a list that comes page by page: what went wrong with the next page, and the way to it. */
export const Earlier = ({ hasMore, busy, fault, more }: EarlierWish) => (
  <View>
    {fault && (
      <View className="hy-mt3">
        <FaultNote fault={fault} onRetry={() => void more()} />
      </View>
    )}
    {hasMore && (
      <View className="hy-dock">
        <Button kind="ghost" block small busy={busy} onTap={() => void more()}>
          更早的
        </Button>
      </View>
    )}
  </View>
)
