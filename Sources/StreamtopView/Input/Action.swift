/// What a key asks for, whichever key it is.
enum Action: Equatable, Sendable {
    enum Movement: Equatable, Sendable {
        case up, down, pageUp, pageDown, halfPageUp, halfPageDown, first, last
    }
    case quit, suspend, repaint
    case help, back, open
    case move(Movement)
    case nextTab, previousTab
    case page(Page)
    case filter, clearFilter, togglePreview, toggleEnded, search, searchNext
    case sortMenu, reverseSort, sortNext, sortPrevious
    case themeMenu, columnMenu, exportMenu
    case groupNext
    case pause, step
    case writeFlow, endRecordings, copy, copyCommands, reset
    case cursorLeft, cursorRight, cursorFarLeft, cursorFarRight, cursorStart, cursorEnd
    case zoomIn, zoomOut
    case nextFlow, previousFlow
    case seekBack, seekForward, restart, slower, faster, loop
}
