import StreamtopBase
import StreamtopModel

/// Turns what the user does into a new state and the effects to carry out. It reads no clock and does nothing itself.
package enum ViewReducer {
    /// Rows keep their places for this long after a key: what the user is about to press must not move away.
    static let calmAfterInput: Nanoseconds = .seconds(2)

    /// A key, a mouse event or a change of size.
    package static func reduce(_ state: inout ViewState, _ key: Key, in context: ViewContext) -> [Effect] {
        if case .resize(let width, let height) = key {
            state.width = max(0, width)
            state.height = max(0, height)
            keepSelectionVisible(&state, context)
            return [.repaint]
        }
        // Rows are first brought up to the picture the user was looking at, then held.
        advance(&state, in: context)
        state.lastInput = context.now
        if case .mouse(let event) = key { return MouseReducer.reduce(&state, event, context) }
        if state.searchPrompt != nil { return SearchReducer.reduce(&state, key, context) }
        if state.prompt != nil { return PromptReducer.reduce(&state, key, context) }
        if state.popup != nil { return PopupReducer.reduce(&state, key, context) }
        guard let action = KeyBindings.action(for: key, in: scopes(of: state, context)) else { return [] }
        return perform(action, &state, context)
    }

    /// A new picture, or time that passed: rows are put in order, selections follow their flows, notices end.
    package static func advance(_ state: inout ViewState, in context: ViewContext) {
        if let notice = state.notice, context.now - notice.since > Notice.displayedFor { state.notice = nil }
        // Until a key was pressed, the page to look at is the one that names what the traffic is for.
        if state.lastInput == nil, state.page == .flows || state.page == .live {
            state.page = LiveScreen.isTelling(context.snapshot) ? .live : .flows
        }
        let isCalm = isCalm(state, context)
        state.table.rows =
            isCalm && !state.table.rows.isEmpty
            ? FlowOrder.kept(state.table.rows, context.snapshot, state.filter, hidesEnded: state.table.hidesEnded)
            : FlowOrder.rows(
                of: context.snapshot, state.filter, state.table.sort, hidesEnded: state.table.hidesEnded)
        follow(&state, context)
    }

    /// A key was pressed just now.
    static func isCalm(_ state: ViewState, _ context: ViewContext) -> Bool {
        state.lastInput.map { context.now - $0 < calmAfterInput } ?? false
    }

    /// Shows a line to the user for a few seconds, e.g. what became of an effect.
    package static func notify(
        _ state: inout ViewState, _ text: String, severity: Verdict.Severity = .info, now: Nanoseconds
    ) {
        state.notice = Notice(text: text, severity: severity, since: now)
    }

    /// Where keys are looked up, the most particular place first.
    static func scopes(of state: ViewState, _ context: ViewContext) -> [KeyBinding.Scope] {
        let page: KeyBinding.Scope = state.openFlow != nil ? .flow : PageTable[state.page].keys
        return context.replay == nil ? [page, .everywhere] : [page, .replay, .everywhere]
    }

    // MARK: Actions

    static func perform(_ action: Action, _ state: inout ViewState, _ context: ViewContext) -> [Effect] {
        switch action {
        case .quit: return [.quit]
        case .suspend: return [.suspend]
        case .repaint: return [.repaint]
        case .reset: return [.reset]
        case .help: state.popup = .help(scroll: 0)
        case .back: return back(&state)
        case .open: return open(&state, context)
        case .move(let movement): return move(movement, &state, context)
        case .nextTab: stepTab(1, &state, context)
        case .previousTab: stepTab(-1, &state, context)
        case .page(let page):
            state.page = page
            return close(&state)
        case .filter: state.prompt = FilterPrompt(text: state.filterText, error: nil, before: state.filterText)
        case .clearFilter: setFilter("", &state, context)
        case .toggleEnded:
            state.table.hidesEnded.toggle()
            resort(&state, context)
        case .groupNext: state.grouping = state.grouping.next(context.snapshot)
        case .search: SearchReducer.begin(&state, context)
        case .searchNext: return SearchReducer.next(&state, context)
        case .togglePreview:
            state.showsPreview.toggle()
            keepSelectionVisible(&state, context)
        case .sortMenu:
            let selected = FlowColumn.sortable.firstIndex(of: state.table.sort.column) ?? 0
            state.popup = .sort(selected: selected)
        case .columnMenu: state.popup = .columns(selected: 0)
        case .exportMenu: state.popup = .export(selected: 0)
        case .reverseSort:
            state.table.sort.descending.toggle()
            resort(&state, context)
        case .sortNext: stepSort(1, &state, context)
        case .sortPrevious: stepSort(-1, &state, context)
        case .themeMenu:
            let selected = context.themes.firstIndex { $0.name == state.theme } ?? 0
            state.popup = .theme(selected: selected, before: state.theme)
        case .pause: return pause(&state, context)
        case .writeFlow:
            return concerned(state, context).map {
                context.recordings.flows.contains($0) ? [.endRecordings(of: $0)] : [.writeFlow($0)]
            } ?? []
        case .endRecordings: return endRecordings(&state, context)
        case .copyCommands: return copyCommands(&state, context)
        case .copy: return copyText(state, context).map { [.copy($0)] } ?? []
        case .cursorLeft, .cursorRight, .cursorFarLeft, .cursorFarRight, .cursorStart, .cursorEnd:
            CursorReducer.move(action, &state, context)
        case .zoomIn: zoom(-1, &state)
        case .zoomOut: zoom(1, &state)
        case .nextFlow: return stepFlow(1, &state, context)
        case .previousFlow: return stepFlow(-1, &state, context)
        case .seekBack, .seekForward, .restart, .slower, .faster, .loop, .step:
            return ReplayReducer.perform(action, &state, context)
        }
        return []
    }

    private static func pause(_ state: inout ViewState, _ context: ViewContext) -> [Effect] {
        let isPaused = context.replay?.isPaused ?? state.isPaused
        state.isPaused = !isPaused
        return [.setPaused(!isPaused)]
    }

    /// Asked once, it is told what will end; asked again, it is done: a slip of the hand costs no capture.
    private static func endRecordings(_ state: inout ViewState, _ context: ViewContext) -> [Effect] {
        guard context.recordings.count > 0 else {
            notify(&state, Words.nothingRecorded, now: context.now)
            return []
        }
        if let asked = state.endRequested, context.now - asked <= Notice.displayedFor {
            (state.endRequested, state.notice) = (nil, nil)
            return [.endRecordings(of: nil)]
        }
        state.endRequested = context.now
        notify(&state, Words.endsRecordings(context.recordings.count), severity: .warning, now: context.now)
        return []
    }

    private static func back(_ state: inout ViewState) -> [Effect] {
        if !state.search.isEmpty {
            state.search = ""
            return []
        }
        if state.openFlow?.cursor != nil {
            state.openFlow?.cursor = nil
            return []
        }
        if state.openFlow == nil { state.lists[state.page]?.cursor = nil }
        return close(&state)
    }

    private static func close(_ state: inout ViewState) -> [Effect] {
        guard state.openFlow != nil else { return [] }
        state.openFlow = nil
        return [.selectFlow(nil)]
    }

    private static func open(_ state: inout ViewState, _ context: ViewContext) -> [Effect] {
        if state.openFlow == nil, let enter = PageTable[state.page].enter {
            enter(&state, context)
            return []
        }
        guard state.openFlow == nil, let flow = concerned(state, context) else { return [] }
        let effects = open(flow, &state)
        state.openFlow?.tab = PageTable[state.page].opens
        // The charts of the flow are read at the same moment.
        state.openFlow?.cursor = state.lists[state.page]?.cursor
        return effects
    }

    static func open(_ flow: FlowIdentifier, _ state: inout ViewState) -> [Effect] {
        state.openFlow = OpenFlow(flow: flow, zoom: state.zoom)
        state.table.selected = flow
        return [.selectFlow(flow)]
    }

    /// The flow that a key is about.
    static func concerned(_ state: ViewState, _ context: ViewContext) -> FlowIdentifier? {
        if let open = state.openFlow { return open.flow }
        return PageTable[state.page].flow(state, context)
    }

    private static func copyText(_ state: ViewState, _ context: ViewContext) -> String? {
        if state.openFlow == nil, let copied = PageTable[state.page].copied { return copied(state, context) }
        guard let flow = concerned(state, context), let index = context.snapshot.flowIndex(flow) else { return nil }
        return Words.copied(context.snapshot.flows[index])
    }

    private static func copyCommands(_ state: inout ViewState, _ context: ViewContext) -> [Effect] {
        let verdicts =
            state.openFlow.flatMap { context.flow($0.flow) }.map { LadderTab.verdicts($0, context) }
            ?? LadderScreen.verdicts(context)
        let commands = AdvisedCommands.of(verdicts.map(\.advice))
        guard !commands.isEmpty else {
            notify(&state, Words.noCommand, now: context.now)
            return []
        }
        return [.copy(commands.joined(separator: "\n"))]
    }

    // MARK: Filter and order

    static func setFilter(_ text: String, _ state: inout ViewState, _ context: ViewContext) {
        guard let filter = try? FilterParser.parse(text) else { return }
        state.filterText = text
        state.filter = filter
        resort(&state, context)
    }

    static func setSort(_ column: FlowColumn, _ state: inout ViewState, _ context: ViewContext) {
        if state.table.sort.column == column {
            state.table.sort.descending.toggle()
        } else {
            state.table.sort = FlowSort(column: column, descending: column.startsDescending)
        }
        resort(&state, context)
    }

    /// The user asked for another order: it takes effect at once, and the selection goes with its flow.
    private static func resort(_ state: inout ViewState, _ context: ViewContext) {
        state.table.rows = FlowOrder.rows(
            of: context.snapshot, state.filter, state.table.sort, hidesEnded: state.table.hidesEnded)
        follow(&state, context)
        keepSelectionVisible(&state, context)
    }

    private static func stepSort(_ step: Int, _ state: inout ViewState, _ context: ViewContext) {
        // Only what is on screen: the order one sees must have a name one sees.
        let displayed = PageLayout(state, context).columnExtents(state, context).map(\.column)
            .filter { FlowColumn.sortable.contains($0) }
        guard let index = displayed.firstIndex(of: state.table.sort.column), !displayed.isEmpty else { return }
        setSort(displayed[(index + step + displayed.count) % displayed.count], &state, context)
    }

    // MARK: Moving

    private static func stepTab(_ step: Int, _ state: inout ViewState, _ context: ViewContext) {
        if let open = state.openFlow {
            state.openFlow?.tab = TabTable.tab(step, from: open.tab, context.flow(open.flow))
            state.openFlow?.scroll = 0
        } else {
            state.page = PageTable.page(step, from: state.page, context.snapshot)
        }
    }

    private static func zoom(_ step: Int, _ state: inout ViewState) {
        let now = state.openFlow?.zoom ?? state.zoom
        guard let zoom = ChartZoom(rawValue: now.rawValue + step) else { return }
        state.openFlow?.zoom = zoom
        state.zoom = zoom
    }

    private static func stepFlow(_ step: Int, _ state: inout ViewState, _ context: ViewContext) -> [Effect] {
        guard let open = state.openFlow, let row = state.table.rows.firstIndex(where: { $0.flow == open.flow }),
            state.table.rows.indices.contains(row + step)
        else { return [] }
        let next = state.table.rows[row + step].flow
        state.openFlow = OpenFlow(flow: next, tab: open.tab, cursor: nil, zoom: open.zoom)
        state.table.selected = next
        keepSelectionVisible(&state, context)
        return [.selectFlow(next)]
    }

    static func move(_ movement: Action.Movement, _ state: inout ViewState, _ context: ViewContext) -> [Effect] {
        let page = PageLayout(state, context).content.height
        if state.openFlow != nil {
            if state.openFlow?.tab.isTimeline == true {
                switch movement {
                case .up: return stepFlow(-1, &state, context)
                case .down: return stepFlow(1, &state, context)
                default: return []
                }
            }
            // The screen clips to what there is when it draws; the reducer keeps the number sensible.
            let scroll = state.openFlow?.scroll ?? 0
            state.openFlow?.scroll = movement.moved(scroll, count: OpenFlow.lineLimit, page: page)
            return []
        }
        PageTable[state.page].move(movement, &state, context, page)
        keepSelectionVisible(&state, context)
        return []
    }

    /// Keeps selections on flows and rows that exist.
    private static func follow(_ state: inout ViewState, _ context: ViewContext) {
        let rows = state.table.rows
        if let selected = state.table.selected, !rows.contains(where: { $0.flow == selected }) {
            // The flow is gone: its heir is the one in the middle of the page, where nothing has to scroll.
            let page = PageLayout(state, context).content.height
            let scope = min(state.table.scroll + page / 2, rows.count - 1)
            state.table.selected = rows.indices.contains(scope) ? rows[scope].flow : nil
        }
        if state.table.selected == nil { state.table.selected = rows.first?.flow }
        keepSelectionVisible(&state, context)
    }

    static func keepSelectionVisible(_ state: inout ViewState, _ context: ViewContext) {
        let page = max(1, PageLayout(state, context).content.height)
        let rows = state.table.rows
        let selected = rows.firstIndex { $0.flow == state.table.selected } ?? 0
        // Until the user touched anything, the top of the order is what matters, wherever the selection drifts.
        if state.lastInput == nil {
            state.table.scroll = 0
            state.table.selected = rows.first?.flow
        } else {
            state.table.scroll = scroll(state.table.scroll, showing: selected, of: rows.count, page: page)
        }
        for row in PageTable.rows { row.clip(&state, context, page) }
    }

    static func scroll(_ scroll: Int, showing row: Int, of count: Int, page: Int) -> Int {
        let moved = row < scroll ? row : row >= scroll + page ? row - page + 1 : scroll
        return max(0, min(moved, count - page))
    }
}

extension ListState {
    /// Keeps the selection within the list and on screen.
    mutating func clip(to count: Int, page: Int) {
        selected = max(0, min(selected, count - 1))
        scroll = ViewReducer.scroll(scroll, showing: selected, of: count, page: page)
    }
}

extension OpenFlow {
    /// No list of a flow is longer.
    static let lineLimit = 2_000
}

extension Action.Movement {
    /// Where a movement leads from `index` in a list of `count`.
    func moved(_ index: Int, count: Int, page: Int) -> Int {
        let last = max(0, count - 1)
        let step = max(1, page - 1)
        let target =
            switch self {
            case .up: index - 1
            case .down: index + 1
            case .pageUp: index - step
            case .pageDown: index + step
            case .halfPageUp: index - max(1, page / 2)
            case .halfPageDown: index + max(1, page / 2)
            case .first: 0
            case .last: last
            }
        return max(0, min(target, last))
    }
}
