/// How far the capture point is from an end, as far as it matters for what that end knows.
enum CaptureDistance: Sendable {
    /// On the end's own host: what passes here is known there.
    case host
    /// Close by: known there one small round trip later.
    case near
    /// Half a path or more away.
    case far
}
