/// One character position of the screen: what stands there and in which role. Colours are the theme's business, so a
/// screen can be tested, and read, without any.
package struct Cell: Equatable, Sendable {
    /// The character; `continuation` in the right half of a wide one.
    package var scalar: Unicode.Scalar
    /// A combining mark over it, 0 for none. One is kept: more is ornament, and a way to flood a line.
    package var combining: Unicode.Scalar
    package var role: StyleRole
    package var ground: Ground

    /// Stands in the right half of a wide character.
    package static let continuation: Unicode.Scalar = "\0"
    package static let noMark: Unicode.Scalar = "\0"

    package init(
        _ scalar: Unicode.Scalar = " ", combining: Unicode.Scalar = Cell.noMark, role: StyleRole = .text,
        ground: Ground = .screen
    ) {
        self.scalar = scalar
        self.combining = combining
        self.role = role
        self.ground = ground
    }

    package var isContinuation: Bool { scalar == Cell.continuation }
}

/// What lies behind a character: the plain screen, or something that marks a whole area.
package enum Ground: UInt8, Sendable, CaseIterable {
    case screen
    /// The header line and the line of key hints.
    case bar
    /// The selected row.
    case selection
    case popup
    /// The selected row of a popup.
    case popupSelection
    /// The column of the time cursor in a chart.
    case cursor
}
