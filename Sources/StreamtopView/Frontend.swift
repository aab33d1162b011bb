/// The one way to a picture: what is known, what the user chose and the circumstances in, cells out. Pure: no clock, no
/// terminal, no file.
package enum Frontend {
    /// Draws the whole screen. The buffer's size is the terminal's.
    package static func render(_ context: ViewContext, _ state: ViewState, into cells: inout CellBuffer) {
        cells.clear()
        cells.put(context.source.name, x: 0, y: 0, .title, ground: .bar)
    }
}
