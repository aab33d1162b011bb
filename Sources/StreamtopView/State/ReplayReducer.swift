import StreamtopBase
import StreamtopModel

/// Keys of a replay.
enum ReplayReducer {
    static let seekStep: Nanoseconds = .seconds(5)

    static func perform(_ action: Action, _ state: inout ViewState, _ context: ViewContext) -> [Effect] {
        guard let replay = context.replay else { return [] }
        switch action {
        case .seekBack: return [.seek(.by(-seekStep))]
        case .seekForward: return [.seek(.by(seekStep))]
        case .restart: return [.seek(.to(0))]
        case .slower: return [.setSpeed(neighbour(of: replay.speed, -1))]
        case .faster: return [.setSpeed(neighbour(of: replay.speed, 1))]
        case .loop: return [.setLooping(!replay.isLooping)]
        case .step:
            state.isPaused = true
            return [.step]
        default: return []
        }
    }

    /// Where a click on the bar leads.
    static func seek(toColumn x: Int, of bar: Range<Int>, _ replay: ReplayStatus) -> [Effect] {
        guard let duration = replay.duration, bar.contains(x), bar.count > 1 else { return [] }
        let share = Double(x - bar.lowerBound) / Double(bar.count - 1)
        return [.seek(.to(Nanoseconds(Double(duration) * share)))]
    }

    private static func neighbour(of speed: Double, _ step: Int) -> Double {
        let speeds = ReplayStatus.speeds
        let index = speeds.firstIndex { $0 >= speed } ?? speeds.count - 1
        return speeds[max(0, min(index + step, speeds.count - 1))]
    }
}
