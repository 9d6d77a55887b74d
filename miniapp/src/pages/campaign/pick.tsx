import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { useGrowing } from '../../lib/growing'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { tapProps } from '../../ui/tap'

export interface Option {
  id: string
  name: string
}

interface PickWish {
  id: string
  label: string
  /** What it means that none is picked. */
  none: string
  options: Option[]
  value: string | null
  onPick: (id: string | null) => void
  hint?: string
}

/** One of many that the brand has, or none: what is picked stands in a line, the others wait in a sheet. */
export function Pick({ id, label, none, options, value, onPick, hint }: PickWish) {
  const [open, setOpen] = useState(false)
  // what has been taken off the list since is still what was picked
  const words = value === null ? none : (options.find((one) => one.id === value)?.name ?? value)
  const choose = (wish: string | null) => {
    onPick(wish)
    setOpen(false)
  }
  return (
    <View className="cp-line">
      <Text className="hy-field__label">{label}</Text>
      <View id={id} className="hy-field__row cp-pick" {...tapProps(() => setOpen(true), `${label}：${words}`)}>
        <View className={value === null ? 'cp-pick__words hy-2' : 'cp-pick__words'}>{words}</View>
        <Icon name="go" size="s" />
      </View>
      {hint && <View className="hy-field__hint">{hint}</View>}
      <Sheet open={open} onClose={() => setOpen(false)} title={label}>
        <Choice id={id} none={none} options={options} value={value} onPick={choose} />
      </Sheet>
    </View>
  )
}

const STEP = 8
const MOST = 20

function Choice({ id, none, options, value, onPick }: Omit<PickWish, 'label' | 'hint'>) {
  const { shown, more } = useGrowing(options, STEP, MOST)
  return (
    <View id={`${id}-choice`}>
      <Line id={`${id}-none`} name={none} on={value === null} onTap={() => onPick(null)} />
      {shown.map((one) => (
        <Line key={one.id} id={`${id}-${one.id}`} name={one.name} on={one.id === value} onTap={() => onPick(one.id)} />
      ))}
      {more && (
        <Button id={`${id}-more`} block kind="line" onTap={more}>
          再看一些
        </Button>
      )}
    </View>
  )
}

const Line = ({ id, name, on, onTap }: { id: string; name: string; on: boolean; onTap: () => void }) => (
  <View id={id} className="cp-pick__line" {...tapProps(onTap, on ? `${name}，已选` : name)}>
    <View className="cp-pick__words">{name}</View>
    {on && <Icon name="check" size="s" />}
  </View>
)
