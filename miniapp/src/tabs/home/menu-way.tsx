import { View } from '@tarojs/components'
import { go } from '../../lib/nav'
import { Cell, Panel } from '../../ui/blocks'

/** The way to the menu, where one sees what a few of it come to. */
export const MenuWay = ({ sub }: { sub: string }) => (
  <View className="hm-menu">
    <Panel>
      <Cell id="menu-open" icon="cup" title="菜单与价格" sub={sub} onTap={() => go('/pages/product/menu')} />
    </Panel>
  </View>
)
