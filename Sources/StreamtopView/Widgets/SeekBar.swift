import StreamtopBase
import StreamtopModel

/// The bar of a replay: position, marks of what happened, speed.
enum SeekBar {
    /// The columns of the track; a click there seeks.
    static func track(_ area: Rect, _ replay: ReplayStatus) -> Range<Int> {
        let left = area.x + 3 + position(replay).count + 1
        let right = area.right - status(replay).count - 2
        return left..<max(left, right)
    }

    static func draw(_ replay: ReplayStatus, in area: Rect, into cells: inout CellBuffer) {
        guard area.height > 0 else { return }
        cells.fill(area, " ", .text)
        cells.put(replay.isPaused ? "⏸" : replay.isAtEnd ? "■" : "▶", x: area.x + 1, y: area.y, .accent)
        cells.put(position(replay), x: area.x + 3, y: area.y, .value)
        cells.putRight(status(replay), right: area.right - 1, y: area.y, .label)
        let track = track(area, replay)
        guard track.count >= 4 else { return }
        guard let duration = replay.duration, duration > 0 else { return }
        func column(_ offset: Nanoseconds) -> Int {
            let share = max(0, min(Double(offset) / Double(duration), 1))
            return track.lowerBound + Int((share * Double(track.count - 1)).rounded())
        }
        let head = column(replay.position)
        for x in track { cells.set(x <= head ? "━" : "─", x: x, y: area.y, x <= head ? .seekDone : .seekRest) }
        // The worst mark of a column wins.
        for mark in replay.marks.sorted(by: { $0.severity < $1.severity }) {
            let role: StyleRole = mark.severity == .critical ? .act : mark.severity == .warning ? .seekMark : .seekRest
            cells.set(Words.severitySign(mark.severity), x: column(mark.offset), y: area.y, role)
        }
        cells.set("●", x: head, y: area.y, .accent)
    }

    private static func position(_ replay: ReplayStatus) -> String {
        let at = DurationText.clock(replay.position, tenths: true)
        return replay.duration.map { at + " / " + DurationText.clock($0) } ?? at
    }

    private static func status(_ replay: ReplayStatus) -> String {
        let speed = replay.speed.isFinite ? speedText(replay.speed) : Words.fullSpeed
        return speed + (replay.isLooping ? " " + Words.looping : "")
    }

    private static func speedText(_ speed: Double) -> String {
        NumberText.fixed(speed, decimals: speed == speed.rounded() ? 0 : speed * 10 == (speed * 10).rounded() ? 1 : 2)
            + "×"
    }
}
