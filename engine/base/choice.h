// A class that is one of many types: std::variant, with what it costs to compile paid once.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

namespace recourse {

template <class T, class Variant>
inline constexpr bool kIsAlternative = false;
template <class T, class... Types>
inline constexpr bool kIsAlternative<T, std::variant<Types...>> = (std::is_same_v<T, Types> || ...);

// T, or a reference to it, is one of the alternatives of Choice, a class that derives from a
// std::variant. Such a class declares how it is copied, moved, destroyed and compared, and one
// source file defines that: each file that uses a std::variant of 50 types makes 50 copies of all
// of it.
template <class T, class Choice>
concept AlternativeOf = kIsAlternative < std::remove_cvref_t<T>,
typename Choice::variant > ;

}  // namespace recourse
