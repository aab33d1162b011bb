/// Dots four high and two wide in a character (Unicode braille patterns). A character has one colour: that of most of its
/// dots, so that areas look as large as they are.
struct BrailleCanvas {
    let width: Int
    let height: Int
    private var dots: [UInt8]
    /// Role of each dot, eight to a character.
    private var roles: [StyleRole]

    var dotWidth: Int { width * 2 }
    var dotHeight: Int { height * 4 }

    /// Bit of a dot by row and column (Unicode chapter 21.1).
    private static let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]

    init(width: Int, height: Int) {
        self.width = max(0, width)
        self.height = max(0, height)
        dots = Array(repeating: 0, count: self.width * self.height)
        roles = Array(repeating: .text, count: self.width * self.height * 8)
    }

    /// Sets a dot; `y` counts from the bottom. Outside is clipped. The last role of a dot wins.
    mutating func set(x: Int, y: Int, _ role: StyleRole) {
        guard x >= 0, x < dotWidth, y >= 0, y < dotHeight else { return }
        let row = dotHeight - 1 - y
        let index = row / 4 * width + x / 2
        dots[index] |= Self.bits[row % 4][x % 2]
        roles[index * 8 + row % 4 * 2 + x % 2] = role
    }

    /// The role of most dots of a character; of two with as many, that of the upper dots.
    private func role(of index: Int) -> StyleRole {
        var best = StyleRole.text
        var most = 0
        for position in 0..<8 where isSet(position, of: index) {
            let role = roles[index * 8 + position]
            let count = (0..<8).count { isSet($0, of: index) && roles[index * 8 + $0] == role }
            if count > most { (best, most) = (role, count) }
        }
        return best
    }

    private func isSet(_ position: Int, of index: Int) -> Bool {
        dots[index] & Self.bits[position / 2][position % 2] != 0
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
                cells.set(scalar, x: x + column, y: y + row, role(of: index))
            }
        }
    }
}
