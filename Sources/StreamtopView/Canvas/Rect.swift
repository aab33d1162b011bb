/// A rectangle of cells; never negative in size.
package struct Rect: Equatable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = max(0, width)
        self.height = max(0, height)
    }

    /// First column to the right of the rectangle, and first row below it.
    package var right: Int { x + width }
    package var bottom: Int { y + height }
    package var isEmpty: Bool { width == 0 || height == 0 }

    package func contains(x column: Int, y row: Int) -> Bool {
        column >= x && column < right && row >= y && row < bottom
    }

    /// The rectangle without a margin on each side.
    package func inset(horizontal: Int = 0, vertical: Int = 0) -> Rect {
        Rect(x: x + horizontal, y: y + vertical, width: width - 2 * horizontal, height: height - 2 * vertical)
    }

    package func row(_ index: Int) -> Rect { Rect(x: x, y: y + index, width: width, height: 1) }

    /// Takes rows off the top and leaves the rest.
    package mutating func takeTop(_ rows: Int) -> Rect {
        let taken = Rect(x: x, y: y, width: width, height: min(max(0, rows), height))
        y += taken.height
        height -= taken.height
        return taken
    }

    /// Takes rows off the bottom and leaves the rest.
    package mutating func takeBottom(_ rows: Int) -> Rect {
        let count = min(max(0, rows), height)
        height -= count
        return Rect(x: x, y: y + height, width: width, height: count)
    }
}
