export { listProducts, type Menu, type ShownProduct, showMenu } from './list-products'
