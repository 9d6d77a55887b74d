import { Text, View } from '@tarojs/components'
import { tapProps } from './tap'

interface ViewsWish<Name extends string> {
  views: readonly { view: Name; name: string }[]
  on: Name
  onChange: (view: Name) => void
}

/** Two or three ways to look at one page, one of them chosen. */
export const Views = <Name extends string>({ views, on, onChange }: ViewsWish<Name>) => (
  <View className="hy-views">
    {views.map(({ view, name }) => (
      <View
        key={view}
        id={`view-${view}`}
        className={`hy-view${view === on ? ' hy-view--on' : ''}`}
        {...tapProps(() => onChange(view), view === on ? `${name}，已选` : name)}
      >
        <Text>{name}</Text>
      </View>
    ))}
  </View>
)
