import StreamtopBase
import StreamtopModel

/// The first line: source, clock, traffic, drops, flows, own cost.
enum HeaderLine {
    static func draw(_ context: ViewContext, _ state: ViewState, in area: Rect, into cells: inout CellBuffer) {
        cells.fill(area, " ", .text, ground: .bar)
        let right = right(context, isWide: area.width >= 100)
        let rightWidth = right.reduce(0) { $0 + TextWidth.columns(of: $1.text) }
        cells.putRight(right, right: area.right - 1, y: area.y)
        var x = area.x + 1
        x += cells.put(Words.program, x: x, y: area.y, .title) + 2
        let limit = area.right - 2 - rightWidth
        // Groups leave whole from the right when the line is short.
        for group in groups(context, state, isWide: area.width >= 100) {
            var group = group
            // What is wrong is the last to leave: without room for the count of flows it stands alone.
            if width(group) > limit - x { group = group.filter { $0.role == .act || $0.role == .watch } }
            guard !group.isEmpty, x + width(group) <= limit else { continue }
            x += cells.put(group, x: x, y: area.y) + 2
        }
    }

    private static func width(_ group: [TextSpan]) -> Int { group.reduce(0) { $0 + TextWidth.columns(of: $1.text) } }

    private static func groups(_ context: ViewContext, _ state: ViewState, isWide: Bool) -> [[TextSpan]] {
        let snapshot = context.snapshot
        var groups: [[TextSpan]] = []
        let name = EndpointText.middleCut(context.source.name, width: isWide ? 32 : 18)
        var source = [TextSpan(name, .value)]
        if isWide { source += [TextSpan(" " + Words.sourceKind(context.source.kind), .muted)] }
        groups.append(source)
        if state.isPaused || context.replay?.isPaused == true { groups.append([TextSpan(Words.paused, .watch)]) }
        if context.recordings.count > 0 {
            let count = context.recordings.count > 1 ? " \(context.recordings.count)" : ""
            groups.append([TextSpan(Words.recording + count, .act)])
        }
        let health = snapshot.health
        groups += delays(health, isWide: isWide)
        let drops = health.kernelDrops + health.interfaceDrops + health.ownDrops
        if drops > 0 {
            groups.append([TextSpan(Words.dropsLabel, .label), TextSpan(NumberText.grouped(drops), .act)])
        }
        groups.append(flows(snapshot))
        groups.append([TextSpan(RateText.withUnit(snapshot.bitRate), .value)])
        groups.append([
            TextSpan(NumberText.scaled(snapshot.packetRate.rounded(), base: 1_000, letters: ["", "k", "M"]), .value),
            TextSpan(Words.packetsPerSecond, .unit),
        ])
        if drops == 0, context.source.kind == .live {
            groups.append([TextSpan(Words.dropsLabel, .label), TextSpan("0", .fine)])
        }
        return groups
    }

    /// The kernel hands frames over in blocks of 50 ms, and a batch takes some time: less than this is no delay.
    private static let delayWorthSaying: Nanoseconds = .milliseconds(500)

    /// What makes the picture older than it looks: an analysis that is behind, a source that ended or fell silent.
    private static func delays(_ health: CaptureHealth, isWide: Bool) -> [[TextSpan]] {
        var groups: [[TextSpan]] = []
        if let behind = health.behind, behind >= delayWorthSaying {
            let role: StyleRole = health.isTooFarBehind ? .act : .watch
            groups.append([TextSpan(Words.behind(DurationText.age(behind), isWide: isWide), role)])
        }
        switch health.source {
        case .running: break
        case .silent(let time): groups.append([TextSpan(Words.silentFor + DurationText.age(time), .watch)])
        case .ended(let time): groups.append([TextSpan(Words.endedAgo(DurationText.age(time)), .watch)])
        }
        return groups
    }

    private static func flows(_ snapshot: Snapshot) -> [TextSpan] {
        var act = 0
        var watch = 0
        for index in snapshot.flows.indices {
            switch snapshot.flows[index].worstVerdict?.severity {
            case .critical: act += 1
            case .warning: watch += 1
            default: break
            }
        }
        var spans = [
            TextSpan(NumberText.grouped(snapshot.flowCount), .value), TextSpan(Words.flows(snapshot.flowCount), .label),
        ]
        if act > 0 { spans += [TextSpan(" \(act) \(Words.severity(.critical))", .act)] }
        if watch > 0 { spans += [TextSpan(" \(watch) \(Words.severity(.warning))", .watch)] }
        return spans
    }

    private static func right(_ context: ViewContext, isWide: Bool) -> [TextSpan] {
        let snapshot = context.snapshot
        var spans: [TextSpan] = []
        if isWide {
            if let cpu = snapshot.health.ownCPU {
                spans += [TextSpan(Words.cpuLabel, .muted), TextSpan(PercentText.whole(cpu) + "  ", .label)]
            }
            if let memory = snapshot.health.ownMemoryBytes {
                spans += [TextSpan(Words.memoryLabel, .muted), TextSpan(ByteText.short(memory) + "  ", .label)]
            }
            if let start = snapshot.start {
                spans += [TextSpan(DurationText.clock(snapshot.time - start) + "  ", .label)]
            }
        }
        if snapshot.start != nil {
            let clock = DurationText.timeOfDay(snapshot.time, utcOffsetSeconds: context.utcOffsetSeconds)
            spans += [TextSpan(clock, .value)]
            if isWide { spans.append(TextSpan(" " + Words.zone(context.utcOffsetSeconds), .muted)) }
        }
        return spans
    }
}
