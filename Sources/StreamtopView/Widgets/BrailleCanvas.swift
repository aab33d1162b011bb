/// Dots four high and two wide in a character (Unicode braille patterns), with a role for each character.
struct BrailleCanvas {
    let width: Int
    let height: Int
    private var dots: [UInt8]
    private var roles: [StyleRole]

    var dotWidth: Int { width * 2 }
    var dotHeight: Int { height * 4 }

    /// Bit of a dot by row and column (Unicode chapter 21.1).
    private static let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]

    init(width: Int, height: Int) {
        self.width = max(0, width)
        self.height = max(0, height)
        dots = Array(repeating: 0, count: self.width * self.height)
        roles = Array(repeating: .text, count: self.width * self.height)
    }

    /// Sets a dot; `y` counts from the bottom. Outside is clipped. The last role in a character wins.
    mutating func set(x: Int, y: Int, _ role: StyleRole) {
        guard x >= 0, x < dotWidth, y >= 0, y < dotHeight else { return }
        let row = dotHeight - 1 - y
        let index = row / 4 * width + x / 2
        dots[index] |= Self.bits[row % 4][x % 2]
        roles[index] = role
    }

    /// Sets all dots of a column between two heights.
    mutating func fill(x: Int, from low: Int, through high: Int, _ role: StyleRole) {
        let bottom = max(0, min(low, high))
        let top = min(dotHeight - 1, max(low, high))
        guard bottom <= top else { return }
        for y in bottom...top { set(x: x, y: y, role) }
    }

    /// Copies what has dots; characters without any are left as they are.
    func draw(at x: Int, _ y: Int, into cells: inout CellBuffer) {
        for row in 0..<height {
            for column in 0..<width {
                let index = row * width + column
                guard dots[index] != 0, let scalar = Unicode.Scalar(0x2800 + UInt32(dots[index])) else { continue }
                cells.set(scalar, x: x + column, y: y + row, roles[index])
            }
        }
    }
}
