import { View } from '@tarojs/components'
import { Button } from '../../ui/button'

/** Below the head of a list: how much is left of it. */
export const More = ({ rest, onTap }: { rest: number; onTap: () => void }) =>
  rest > 0 ? (
    <View className="hy-dock">
      <Button id="some-more" block kind="ghost" onTap={onTap}>
        {`还有 ${rest} 条`}
      </Button>
    </View>
  ) : null
