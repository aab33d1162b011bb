/// The one way to a picture: what is known, what the user chose and the circumstances in, cells out. Pure: no clock, no
/// terminal, no file.
package enum Frontend {
    /// Smallest terminal in which a screen makes sense.
    static let leastWidth = 40
    static let leastHeight = 8

    /// Draws the whole screen into `cells`, which is made as large as the terminal that `state` knows of.
    package static func render(_ context: ViewContext, _ state: ViewState, into cells: inout CellBuffer) {
        if cells.width != state.width || cells.height != state.height {
            cells = CellBuffer(width: state.width, height: state.height)
        } else {
            cells.clear()
        }
        guard state.width >= leastWidth, state.height >= leastHeight else {
            cells.put(Words.tooSmall(leastWidth, leastHeight), x: 0, y: 0, .watch)
            return
        }
        let layout = ScreenLayout(state, context)
        HeaderLine.draw(context, state, in: layout.header, into: &cells)
        if let open = state.openFlow {
            FlowScreen.draw(open, context, state, into: &cells)
        } else {
            PageScreen.draw(context, state, into: &cells)
        }
        SearchReducer.mark(state, context, into: &cells)
        if let replay = context.replay { SeekBar.draw(replay, in: layout.seek, into: &cells) }
        FooterLine.draw(context, state, in: layout.footer, into: &cells)
        if let prompt = state.prompt {
            FooterLine.drawCandidates(prompt, context, y: layout.footer.y - 1, into: &cells)
        }
        switch state.popup {
        case .help(let scroll): HelpPopup.draw(scroll: scroll, state, context, into: &cells)
        case .sort(let selected): ListPopups.drawSort(selected, state, context, into: &cells)
        case .columns(let selected): ListPopups.drawColumns(selected, state, context, into: &cells)
        case .export(let selected): ListPopups.drawExport(selected, state, context, into: &cells)
        case .theme(let selected, _): ListPopups.drawThemes(selected, state, context, into: &cells)
        case nil: break
        }
        context.glyphs.apply(to: &cells)
    }
}
