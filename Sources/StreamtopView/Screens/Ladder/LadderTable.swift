import StreamtopBase
import StreamtopModel

/// A ladder as a table: each buffer a row, its delay as a bar and in ms, so that the largest is seen before it is read.
enum LadderTable {
    private static let columns: [RowColumn<LadderRung>] = [
        .text("buffer", 15...24, 0) { rung in
            // In capitals, so that it is told without colours, too.
            rung.isLargest ? (rung.name.uppercased(), .act) : (rung.name, .text)
        },
        RowColumn(title: "", widths: 6...30, priority: 5, isNumber: false) { rung, cell, cells in
            Gauge.draw(
                rung.share, in: cell.area, rung.isLargest ? .chartQueue : .gaugeFill,
                rest: rung.delay == nil && rung.share == 0 ? nil : .gaugeRest, into: &cells)
        },
        .number("ms", 8, 0) { rung in
            guard let delay = rung.delay else { return (nil, .unknown) }
            let text = (rung.bound == .atMost ? "≤ " : "") + DurationText.milliseconds(delay)
            return (text, rung.isLargest ? .act : .value)
        },
        .text("", 1...1, 4) { rung in
            switch rung.trend {
            case .growing?: ("▲", .watch)
            case .shrinking?: ("▼", .fine)
            case .steady?, nil: ("", .text)
            }
        },
        .text("holds", 20...28, 1) { rung in (rung.holds ?? "", rung.holds == nil ? .muted : .label) },
        .number("dropped", 8, 2) { rung in
            guard let drops = rung.drops else { return ("", .muted) }
            if let rate = rung.dropsPerSecond, rate > 0 {
                return (NumberText.scaled(rate, base: 1_000, letters: ["", "k", "M"]) + "/s now", .act)
            }
            return (NumberText.grouped(drops), drops > 0 ? .watch : .muted)
        },
        .text("from", 7...8, 6) { rung in (rung.source ?? "", .muted) },
        .text("", 8...24, 7) { rung in
            if rung.isPaced { return ("paced, no queue", .muted) }
            guard let queue = rung.queue, queue > 0 else { return ("", .muted) }
            return ("queue \(DurationText.withUnit(queue))", rung.isLargest ? .chartQueue : .label)
        },
    ]

    /// Adds title, rungs and what they sum up to.
    ///
    /// - Parameter note: what the ladder is about; the first to be cut.
    static func add(
        _ title: String, _ note: String, _ rungs: [LadderRung], sum: LadderSnapshot.Sum? = nil,
        to page: inout TallPage
    ) {
        guard !rungs.isEmpty else { return }
        var heading = [TextSpan(title, .title)]
        if let sum {
            heading += [
                TextSpan("  " + Words.total(sum), sum.total == nil ? .unknown : .value), TextSpan(" one way, ", .label),
            ]
            if let largest = rungs.first(where: \.isLargest) {
                heading += [TextSpan(Words.mostIn, .label), TextSpan(largest.name.uppercased(), .act)]
            } else {
                heading.append(TextSpan(Words.nothingNamed, .muted))
            }
        }
        heading.append(TextSpan("  " + note, .muted))
        page.add(heading)
        // A rung that cannot be told apart from having none has no columns of its own.
        let table = RowTable(
            columns.filter { column in column.title != "from" || rungs.contains { $0.source != nil } },
            width: page.width - 5, from: 3)
        page.draw(lines: 1) { area, cells in table.drawTitles(y: area.y, into: &cells) }
        for rung in rungs {
            page.draw(lines: 1) { area, cells in
                if rung.isLargest { cells.set("▶", x: 1, y: area.y, .act) }
                table.draw(rung, y: area.y, into: &cells)
            }
        }
        if let sum, !sum.unread.isEmpty { page.add([TextSpan(Words.unread(sum.unread), .muted)], x: 3) }
        page.skip()
    }

    /// Adds what to do, and the commands in it on lines of their own.
    static func addAdvice(_ verdicts: [Verdict], to page: inout TallPage) {
        let verdicts = verdicts.filter { !$0.advice.isEmpty }
        guard !verdicts.isEmpty else { return }
        page.add([TextSpan(Words.ladderAdvice, .title)])
        for verdict in verdicts {
            let sign = String(Character(Words.severitySign(verdict.severity)))
            page.addSentence(
                [TextSpan(sign + " ", Words.severityRole(verdict.severity))],
                Words.rule(verdict) + ": " + verdict.summary,
                Words.severityRole(verdict.severity))
            page.addSentence([], verdict.advice, .text, x: 3)
        }
        let commands = AdvisedCommands.of(verdicts.map(\.advice))
        for (index, command) in commands.enumerated() {
            page.add(
                [
                    TextSpan(index == 0 ? "x " : "  ", .key), TextSpan(index == 0 ? Words.copies : "       ", .label),
                    TextSpan(command, .value),
                ], x: 1)
        }
        page.skip()
    }

    /// Groups of facts side by side, as many as have room.
    static func addFacts(_ groups: [FactGroup], to page: inout TallPage) {
        let width = page.width
        page.draw(lines: FactsPane.height(groups, width: width)) { area, cells in
            FactsPane.draw(groups, in: area, scroll: 0, into: &cells)
        }
    }
}
