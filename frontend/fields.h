// What the arguments and results of compiled functions consist of: walks structs, vectors, maps, tuples … down to
// tensors and to plain values. Plain aggregates are taken apart by themselves; any other class gives
// `auto fields() { return std::tie(a, b); }`.
#pragma once

#include "frontend/tensor.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace ogee::detail {

template <class T, template <class...> class Template>
inline constexpr bool is_a = false;
template <class... A, template <class...> class Template>
inline constexpr bool is_a<Template<A...>, Template> = true;
template <class T>
inline constexpr bool is_array = false;
template <class T, size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;

template <class T>
concept HasFields = requires(T& value) { value.fields(); };

/// Stands for a value of any type when the fields of an aggregate are counted.
struct AnyField {
  template <class T>
  operator T() const;
};

template <class T, size_t... I>
constexpr bool takes_fields(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), std::declval<AnyField>())...}; };
}
inline constexpr size_t kMaxFields = 12;
template <class T, size_t N = kMaxFields + 1>
constexpr size_t count_fields() {
  if constexpr (takes_fields<T>(std::make_index_sequence<N>{}))
    return N;
  else if constexpr (N == 0)
    return 0;
  else
    return count_fields<T, N - 1>();
}

/// References to the fields of an aggregate.
template <class T>
constexpr auto tie_fields(T& value) {
  constexpr size_t n = count_fields<std::remove_const_t<T>>();
  static_assert(n <= kMaxFields, "a struct of more than 12 fields needs `auto fields() { return std::tie(…); }`");
  if constexpr (n == 0) {
    return std::tuple<>();
  } else if constexpr (n == 1) {
    auto& [a] = value;
    return std::tie(a);
  } else if constexpr (n == 2) {
    auto& [a, b] = value;
    return std::tie(a, b);
  } else if constexpr (n == 3) {
    auto& [a, b, c] = value;
    return std::tie(a, b, c);
  } else if constexpr (n == 4) {
    auto& [a, b, c, d] = value;
    return std::tie(a, b, c, d);
  } else if constexpr (n == 5) {
    auto& [a, b, c, d, e] = value;
    return std::tie(a, b, c, d, e);
  } else if constexpr (n == 6) {
    auto& [a, b, c, d, e, f] = value;
    return std::tie(a, b, c, d, e, f);
  } else if constexpr (n == 7) {
    auto& [a, b, c, d, e, f, g] = value;
    return std::tie(a, b, c, d, e, f, g);
  } else if constexpr (n == 8) {
    auto& [a, b, c, d, e, f, g, h] = value;
    return std::tie(a, b, c, d, e, f, g, h);
  } else if constexpr (n == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = value;
    return std::tie(a, b, c, d, e, f, g, h, i);
  } else if constexpr (n == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (n == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k);
  } else {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
  }
}

/// An object of any type that is never made: its fields have addresses.
template <class T>
union NeverMade {
  char nothing = 0;
  T value;
  constexpr NeverMade() {}
  constexpr ~NeverMade() {}
};
template <class T>
inline constexpr NeverMade<T> never_made{};

/// Its own text, which ends in the name of the field that the pointer shows.
template <auto kField>
constexpr const char* text_of_field() {
  return __PRETTY_FUNCTION__;
}

/// The last identifier in a text.
constexpr std::string_view last_word(std::string_view text) {
  const auto in_word = [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  size_t end = text.size();
  while (end > 0 && !in_word(text[end - 1])) --end;
  size_t begin = end;
  while (begin > 0 && in_word(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

/// The name of a field of an aggregate: "weight".
template <class T, size_t kIndex>
consteval std::string_view field_name() {
  return last_word(text_of_field<&std::get<kIndex>(tie_fields(never_made<T>.value))>());
}

/// Walks `value`. The visitor gets `tensor(Tensor&)` for each tensor, `constant(number)` and `text(string)` for plain
/// values and lengths, and `enter(i)`, `enter(text)` … `leave()` around each part of a composed value.
template <class Visitor, class T>
void visit_leaves(Visitor& visitor, T& value) {
  using V = std::remove_const_t<T>;
  auto part = [&](const auto& key, auto& element) {
    visitor.enter(key);
    visit_leaves(visitor, element);
    visitor.leave();
  };
  if constexpr (std::derived_from<V, Tensor>) {
    visitor.tensor(value);
  } else if constexpr (std::is_arithmetic_v<V> || std::is_enum_v<V>) {
    visitor.constant(value);
  } else if constexpr (std::same_as<V, Dim>) {
    visitor.constant(static_cast<int64_t>(value));
  } else if constexpr (std::convertible_to<const V&, std::string_view>) {
    visitor.text(std::string_view(value));
  } else if constexpr (is_a<V, std::vector> || is_array<V>) {
    visitor.constant(value.size());
    for (size_t i = 0; i < value.size(); ++i) part(i, value[i]);
  } else if constexpr (is_a<V, std::map>) {
    visitor.constant(value.size());
    for (auto& [key, element] : value) {
      visit_leaves(visitor, key);
      if constexpr (std::convertible_to<decltype(key), std::string_view>)
        part(std::string_view(key), element);
      else
        part(size_t{0}, element);
    }
  } else if constexpr (is_a<V, std::optional>) {
    visitor.constant(value.has_value());
    if (value) visit_leaves(visitor, *value);
  } else if constexpr (is_a<V, std::tuple> || is_a<V, std::pair>) {
    std::apply([&, i = size_t{0}](auto&... element) mutable { (part(i++, element), ...); }, value);
  } else if constexpr (HasFields<V>) {
    auto fields = const_cast<V&>(value).fields();
    std::apply([&, i = size_t{0}](auto&... element) mutable { (part(i++, element), ...); }, fields);
  } else {
    static_assert(std::is_aggregate_v<V>,
                  "compiled functions take and return tensors, numbers, enums, strings, and structs, vectors, maps, "
                  "tuples and optionals of them; give a class that is no plain struct "
                  "`auto fields() { return std::tie(…); }`");
    auto fields = tie_fields(value);
    [&]<size_t... I>(std::index_sequence<I...>) {
      (part(field_name<V, I>(), std::get<I>(fields)), ...);
    }(std::make_index_sequence<std::tuple_size_v<decltype(fields)>>());
  }
}

} // namespace ogee::detail
